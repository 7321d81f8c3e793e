//! Whether instructions name an address: an array of slots that code names may be changed before it is used.
//!
//! gmpy2 2.3 has `Py_MOD_GIL_USED` in the file and puts `Py_MOD_GIL_NOT_USED` there when MPFR was built for threads. In
//! other modules only the `PyModuleDef` names the array, so that the code of the module never does.

use std::ops::Range;

use object::Architecture;

use super::image::Image;

/// So many instructions may lie between the two halves of an address.
const APART: usize = 8;

/// Whether the code names an address of the range. `None` where its instructions are not known.
pub(crate) fn is_named(image: &Image<'_>, range: &Range<u64>) -> Option<bool> {
    let find: fn(u64, &[u8], &Range<u64>) -> bool = match image.architecture {
        Architecture::X86_64 => x86_64,
        Architecture::Aarch64 => aarch64,
        _ => return None,
    };
    Some(image.code().any(|(start, code)| find(start, code, range)))
}

/// A distance from the next instruction, behind a byte that says so; an immediate of some size may follow it.
fn x86_64(start: u64, code: &[u8], range: &Range<u64>) -> bool {
    let mut at = start;
    code.windows(5).any(|it| {
        let next = at.wrapping_add(5);
        at = at.wrapping_add(1);
        let [mode, rest @ ..] = it else { return false };
        if mode & 0xc7 != 0x05 {
            return false;
        }
        let Some(distance) = rest.first_chunk::<4>() else { return false };
        let target = next.wrapping_add_signed(i64::from(i32::from_le_bytes(*distance)));
        [0, 1, 2, 4].iter().any(|it| range.contains(&target.wrapping_add(*it)))
    })
}

/// `adrp` makes a page, and an addition, a load or a store with it the address.
fn aarch64(start: u64, code: &[u8], range: &Range<u64>) -> bool {
    let words: Vec<u32> =
        code.as_chunks::<4>().0.iter().map(|it| u32::from_le_bytes(*it)).collect();
    (start..).step_by(4).zip(words.iter().enumerate()).any(|(at, (index, word))| {
        if word & 0x9f00_0000 != 0x9000_0000 {
            return false;
        }
        let pages = ((word >> 5) & 0x7_ffff) << 2 | ((word >> 29) & 3);
        // 21 bits with a sign.
        let pages = i64::from((pages << 11).cast_signed() >> 11);
        let page = (at & !0xfff).wrapping_add_signed(pages << 12);
        let register = word & 31;
        words.iter().skip(index + 1).take(APART).any(|it| {
            if (it >> 5) & 31 != register {
                return false;
            }
            let offset = u64::from((it >> 10) & 0xfff);
            let offset = match it >> 22 {
                // add Xd, Xn, #imm
                0x244 => offset,
                // ldr and str: the size is in the upper two bits.
                _ if it & 0x3b00_0000 == 0x3900_0000 => offset << (it >> 30),
                _ => return false,
            };
            range.contains(&page.wrapping_add(offset))
        })
    })
}
