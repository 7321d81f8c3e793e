//! Calls of one imported function, and the constant in their second argument.
//!
//! No disassembler: a call has the address of its target in it, so that a byte sequence that is none practically never
//! matches; and the constant is loaded right before.

use object::Architecture;

use super::image::Image;

/// So far before a call its argument is looked for.
const BEFORE: usize = 40;

/// What is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    Constant(u32),
    Computed,
}

/// The second arguments of all calls.
pub(crate) fn second_arguments(image: &Image<'_>, function: &str) -> Vec<Argument> {
    if image.architecture != Architecture::X86_64 || image.format != object::BinaryFormat::Elf {
        return Vec::new();
    }
    let places: Vec<u64> =
        image.bound.iter().filter(|it| it.1 == function).map(|it| *it.0).collect();
    let leads = |next: u64, displacement: [u8; 4]| {
        let target = next.wrapping_add_signed(i64::from(i32::from_le_bytes(displacement)));
        (target, places.contains(&target))
    };
    // Stubs: `jmp [place]`, maybe after `endbr64` or with the prefix `bnd`.
    let mut stubs = Vec::new();
    for (start, code) in image.code() {
        for (offset, it) in (start..).zip(code.windows(6)) {
            if let [0xff, 0x25, rest @ ..] = it
                && let Some(displacement) = rest.first_chunk::<4>()
                && leads(offset.wrapping_add(6), *displacement).1
            {
                stubs.extend([
                    offset,
                    offset.wrapping_sub(1),
                    offset.wrapping_sub(4),
                    offset.wrapping_sub(5),
                ]);
            }
        }
    }
    let mut res = Vec::new();
    for (start, code) in image.code() {
        for (index, it) in code.windows(6).enumerate() {
            let at = start.wrapping_add(index as u64);
            let is_call = match *it {
                [0xff, 0x15, a, b, c, d] => leads(at.wrapping_add(6), [a, b, c, d]).1,
                [0xe8 | 0xe9, a, b, c, d, _] => {
                    stubs.contains(&leads(at.wrapping_add(5), [a, b, c, d]).0)
                }
                _ => false,
            };
            if is_call {
                res.push(argument(&code[index.saturating_sub(BEFORE)..index]));
            }
        }
    }
    res
}

/// The last write to `esi`: `mov esi, imm32` or `xor esi, esi`.
fn argument(before: &[u8]) -> Argument {
    let moved = before.windows(5).rposition(|it| it[0] == 0xbe && it[3] == 0 && it[4] == 0);
    let cleared = before.windows(2).rposition(|it| it == [0x31, 0xf6]);
    match (moved, cleared) {
        (Some(it), cleared) if cleared.is_none_or(|cleared| cleared < it) => {
            let constant = before[it + 1..].first_chunk::<4>().copied().unwrap_or_default();
            Argument::Constant(u32::from_le_bytes(constant))
        }
        (_, Some(_)) => Argument::Constant(0),
        _ => Argument::Computed,
    }
}
