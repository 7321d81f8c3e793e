//! The static data that describes a module: `PyModuleDef` and arrays of slots, found in a mapped library.

use std::collections::BTreeMap;
use std::ops::Range;

use super::image::Image;

/// `Py_mod_create`, `Py_mod_exec`, `Py_mod_multiple_interpreters`, `Py_mod_gil` (Include/moduleobject.h).
const CREATE: u32 = 1;
const EXEC: u32 = 2;
const INTERPRETERS: u32 = 3;
const GIL: u32 = 4;

/// The highest id of a slot of a module in 3.15 and before (`Include/slots_generated.h` leaves room).
const HIGHEST: u32 = 200;

/// Longer arrays are none.
const SLOTS: u64 = 64;

/// Where the fields of a `PyModuleDef` lie: `PyObject` is 16 bytes, or 32 in a free-threaded build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    header: u64,
}

impl Shape {
    pub(crate) const WITH_GIL: Shape = Shape { header: 16 };
    pub(crate) const FREE_THREADED: Shape = Shape { header: 32 };

    /// `m_init`, `m_index` and `m_copy` come before it.
    fn name(self) -> u64 {
        self.header + 24
    }

    /// `m_doc`, `m_size` and `m_methods` come between.
    fn slots(self) -> u64 {
        self.name() + 32
    }
}

/// What `m_slots` of a definition leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Slots {
    /// A null pointer: one phase, or filled in when the module runs.
    None,
    /// An array in the file, with the value of the slot for the GIL if it has one.
    Array(Option<u64>),
    /// Memory without content in the file, or content that is no array of slots.
    Unreadable,
}

/// A definition that lies in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub(crate) at: u64,
    pub(crate) slots: Slots,
    /// The addresses of `m_slots` itself.
    pub(crate) field: Range<u64>,
    /// The addresses of the array.
    pub(crate) array: Option<Range<u64>>,
}

/// All definitions, by the last part of their name.
pub(crate) fn definitions(image: &Image<'_>, shape: Shape) -> BTreeMap<String, Vec<Definition>> {
    let mut res: BTreeMap<String, Vec<Definition>> = BTreeMap::new();
    for (place, target) in &image.pointers {
        let Some(at) = place.checked_sub(shape.name()) else { continue };
        if !is_header(image, at, shape) {
            continue;
        }
        let Some(name) = image.text(*target) else { continue };
        let last = name.rsplit('.').next().unwrap_or(name).to_owned();
        let field = at.saturating_add(shape.slots());
        let (slots, array) = slots_of(image, field);
        let field = field..field.saturating_add(8);
        res.entry(last).or_default().push(Definition { at, slots, field, array });
    }
    res
}

/// `PyModuleDef_HEAD_INIT`: the count of references of an object that never dies, no type, nothing of the interpreter's.
fn is_header(image: &Image<'_>, at: u64, shape: Shape) -> bool {
    let word = |offset: u64| {
        let place = at.checked_add(offset)?;
        if image.pointers.contains_key(&place) || image.bound.contains_key(&place) {
            return None;
        }
        image.word(place)
    };
    let zeros = |from: u64| (from..shape.name()).step_by(8).all(|it| word(it) == Some(0));
    if shape == Shape::FREE_THREADED {
        // The local count of references is the upper half, above flags, lock and bits of the collector.
        let count = word(8).is_some_and(|it| it >> 32 == 0xffff_ffff && it & 0xffff_0000 == 0);
        return word(0) == Some(0) && count && zeros(16);
    }
    word(0).is_some_and(|it| it != 0) && zeros(8)
}

fn slots_of(image: &Image<'_>, place: u64) -> (Slots, Option<Range<u64>>) {
    match image.pointers.get(&place) {
        Some(array) => match array_at(image, *array) {
            Some((gil, length)) => (Slots::Array(gil), Some(*array..*array + length)),
            None => (Slots::Unreadable, None),
        },
        None if image.word(place) == Some(0) => (Slots::None, None),
        None => (Slots::Unreadable, None),
    }
}

/// `{ int slot; void *value; }` up to an entry of zeros: the value for the GIL, and the length in bytes.
fn array_at(image: &Image<'_>, array: u64) -> Option<(Option<u64>, u64)> {
    let mut gil = None;
    for index in 0..SLOTS {
        let entry = array.checked_add(index * 16)?;
        let (id, value) = (image.word(entry)?, image.word(entry.checked_add(8)?)?);
        let target = image.pointers.get(&(entry + 8)).copied();
        let is_bound = image.bound.contains_key(&(entry + 8));
        // The upper half of the first word is padding.
        let id = u32::try_from(id & 0xffff_ffff).unwrap_or(0);
        match id {
            // Zeros from the beginning are what a program fills in later.
            0 if index == 0 => return None,
            0 => return Some((gil, index * 16)),
            CREATE | EXEC if is_bound || target.is_some_and(|it| image.is_code(it)) => {}
            INTERPRETERS if target.is_none() && value <= 2 => {}
            GIL if target.is_none() && value <= 1 => gil = Some(value),
            CREATE | EXEC | INTERPRETERS | GIL => return None,
            _ if id <= HIGHEST => {}
            _ => return None,
        }
    }
    None
}
