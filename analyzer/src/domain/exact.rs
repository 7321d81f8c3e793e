//! Lists that have stopped growing.

use thin_vec::ThinVec;

/// Moves a list to an allocation of its size. `shrink_to_fit` leaves the old block in place when at least half of it
/// is used: that is how allocators shrink, and a third of the memory of a large project.
pub(crate) fn exact<T>(list: &mut Vec<T>) {
    if list.capacity() > list.len() {
        let mut moved = Vec::with_capacity(list.len());
        moved.append(list);
        *list = moved;
    }
}

/// The same for a list that is one pointer.
pub(crate) fn exact_thin<T>(list: &mut ThinVec<T>) {
    if list.capacity() > list.len() {
        let mut moved = ThinVec::with_capacity(list.len());
        moved.append(list);
        *list = moved;
    }
}
