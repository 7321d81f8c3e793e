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

/// The last write to `esi`, when it is `mov esi, imm32` or `xor esi, esi` and nothing but moves between other registers
/// follows. With a prefix the same bytes mean `r14d`.
fn argument(before: &[u8]) -> Argument {
    for start in (1..before.len()).rev() {
        let rest = &before[start..];
        let (value, length) = match *rest {
            [0xbe, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]), 5),
            [0x31, 0xf6, ..] => (0, 2),
            _ => continue,
        };
        let is_other = matches!(before[start - 1], 0x40..=0x4f);
        if !is_other && rest.get(length..).is_some_and(only_moves) {
            return Argument::Constant(value);
        }
    }
    Argument::Computed
}

/// `mov` from a 64-bit register to another that is not `rsi`.
fn only_moves(mut code: &[u8]) -> bool {
    while let [0x48 | 0x4c, 0x89, mode, rest @ ..] = code {
        if *mode < 0xc0 || mode & 7 == 6 {
            return false;
        }
        code = rest;
    }
    code.is_empty()
}
