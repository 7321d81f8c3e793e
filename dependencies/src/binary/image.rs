//! A shared library as the loader would map it: bytes by address, pointers after relocation, names that are exported and
//! imported. The same for ELF, Mach-O and PE.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use object::read::elf::{FileHeader, SectionHeader as _};
use object::{
    Architecture, BinaryFormat, File, Object, ObjectSection, ObjectSymbol, ObjectSymbolTable,
    RelocationFlags, RelocationTarget, SectionFlags, SectionKind,
};

/// More sections, relocations or names than any library has.
const MANY: usize = 8_000_000;

/// A mapped library.
pub(crate) struct Image<'a> {
    pub(crate) architecture: Architecture,
    pub(crate) format: BinaryFormat,
    sections: Vec<Section<'a>>,
    /// Where a pointer is stored, and what it points to.
    pub(crate) pointers: BTreeMap<u64, u64>,
    /// Where the address of an imported symbol is stored.
    pub(crate) bound: HashMap<u64, String>,
    pub(crate) exports: BTreeMap<String, u64>,
    pub(crate) imports: BTreeSet<String>,
}

struct Section<'a> {
    start: u64,
    /// Longer than the data where memory begins as zeros.
    size: u64,
    data: &'a [u8],
    is_code: bool,
}

impl<'a> Image<'a> {
    /// Parses a file of one architecture.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, String> {
        let file = File::parse(bytes).map_err(|it| it.to_string())?;
        if !file.is_64() || !file.is_little_endian() {
            return Err("only 64-bit little-endian libraries are read".to_owned());
        }
        let mut res = Image {
            architecture: file.architecture(),
            format: file.format(),
            sections: sections(&file),
            pointers: BTreeMap::new(),
            bound: HashMap::new(),
            exports: BTreeMap::new(),
            imports: BTreeSet::new(),
        };
        res.names(&file)?;
        match &file {
            File::Elf64(_) => res.elf_relocations(&file, bytes),
            File::MachO64(_) => res.stored_pointers(0, &chained),
            File::Pe64(_) => res.stored_pointers(file.relative_address_base(), &|it| it),
            _ => return Err("neither ELF, Mach-O nor PE".to_owned()),
        }
        Ok(res)
    }

    fn names(&mut self, file: &File<'_>) -> Result<(), String> {
        // Mach-O puts an underscore before every name of C.
        let plain = |it: &[u8]| {
            let it = String::from_utf8_lossy(it).into_owned();
            match self.format {
                BinaryFormat::MachO => it.strip_prefix('_').map_or(it.clone(), str::to_owned),
                _ => it,
            }
        };
        let exports = file.exports().map_err(|it| it.to_string())?;
        let imports = file.imports().map_err(|it| it.to_string())?;
        let exports =
            exports.iter().take(MANY).map(|it| (plain(it.name()), it.address())).collect();
        let imports = imports.iter().take(MANY).map(|it| plain(it.name())).collect();
        (self.exports, self.imports) = (exports, imports);
        Ok(())
    }

    fn elf_relocations(&mut self, file: &File<'_>, bytes: &[u8]) {
        let symbols = file.dynamic_symbol_table();
        for (at, relocation) in file.dynamic_relocations().into_iter().flatten().take(MANY) {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let Some(kind) = Kind::of(self.architecture, r_type) else { continue };
            let addend = relocation.addend().cast_unsigned();
            match (kind, relocation.target()) {
                (Kind::Relative, _) => {
                    self.pointers.insert(at, addend);
                }
                (Kind::Symbol, RelocationTarget::Symbol(index)) => {
                    let Some(symbol) =
                        symbols.as_ref().and_then(|it| it.symbol_by_index(index).ok())
                    else {
                        continue;
                    };
                    if symbol.is_undefined() {
                        let name = symbol.name().unwrap_or_default().to_owned();
                        self.bound.insert(at, name);
                    } else {
                        self.pointers.insert(at, symbol.address().wrapping_add(addend));
                    }
                }
                _ => {}
            }
        }
        for at in packed(bytes) {
            if let Some(target) = self.word(at) {
                self.pointers.insert(at, target);
            }
        }
    }

    /// Where the format keeps pointers in place, every word that leads into the library is taken for one.
    fn stored_pointers(&mut self, base: u64, decode: &dyn Fn(u64) -> u64) {
        let (low, high) = self.sections.iter().fold((u64::MAX, 0), |it, s| {
            (it.0.min(s.start), it.1.max(s.start.saturating_add(s.size)))
        });
        let mut found = BTreeMap::new();
        for section in self.sections.iter().filter(|it| !it.is_code) {
            let first = section.start.next_multiple_of(8) - section.start;
            let skip = usize::try_from(first).unwrap_or(usize::MAX);
            let words = section.data.get(skip..).unwrap_or_default().as_chunks::<8>().0;
            for (at, word) in (section.start + first..).step_by(8).zip(words) {
                let target = decode(u64::from_le_bytes(*word));
                // A small number is a number, and no library lies there.
                if target > base.max(0xfff) && (low..high).contains(&target) {
                    found.insert(at, target);
                }
            }
        }
        self.pointers = found;
    }

    /// The bytes from an address to the end of its section.
    pub(crate) fn bytes(&self, at: u64) -> Option<&'a [u8]> {
        let section = self.section(at)?;
        section.data.get(usize::try_from(at - section.start).ok()?..)
    }

    /// Eight bytes as they are in the file. `None` also for memory that only exists when the library runs.
    pub(crate) fn word(&self, at: u64) -> Option<u64> {
        let bytes = self.bytes(at)?.first_chunk::<8>()?;
        Some(u64::from_le_bytes(*bytes))
    }

    /// Text up to the first zero, if it is short and printable.
    pub(crate) fn text(&self, at: u64) -> Option<&'a str> {
        let bytes = self.bytes(at)?;
        let end = bytes.iter().take(300).position(|it| *it == 0)?;
        let text = std::str::from_utf8(&bytes[..end]).ok()?;
        (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
    }

    /// Whether instructions lie there.
    pub(crate) fn is_code(&self, at: u64) -> bool {
        self.section(at).is_some_and(|it| it.is_code)
    }

    /// The sections with instructions.
    pub(crate) fn code(&self) -> impl Iterator<Item = (u64, &'a [u8])> {
        self.sections.iter().filter(|it| it.is_code).map(|it| (it.start, it.data))
    }

    fn section(&self, at: u64) -> Option<&Section<'a>> {
        let next = self.sections.partition_point(|it| it.start <= at);
        self.sections[..next].iter().next_back().filter(|it| at - it.start < it.size)
    }
}

fn sections<'a>(file: &File<'a>) -> Vec<Section<'a>> {
    let mut res: Vec<_> = file
        .sections()
        .take(MANY)
        .filter(|it| it.size() > 0 && is_mapped(it.flags(), it.kind()))
        .map(|it| Section {
            start: it.address(),
            size: it.size(),
            data: it.data().unwrap_or_default(),
            is_code: it.kind() == SectionKind::Text,
        })
        .collect();
    // Thread-local data shares addresses with what follows it; the section that has bytes comes last and wins.
    res.sort_by_key(|it| (it.start, it.data.len()));
    res
}

fn is_mapped(flags: SectionFlags, kind: SectionKind) -> bool {
    match flags {
        SectionFlags::Elf { sh_flags } => {
            sh_flags & u64::from(object::elf::SHF_ALLOC) != 0
                && !matches!(kind, SectionKind::Tls | SectionKind::UninitializedTls)
        }
        _ => !matches!(kind, SectionKind::Debug | SectionKind::Metadata),
    }
}

enum Kind {
    /// The addend is the address.
    Relative,
    /// The address of a symbol, plus the addend.
    Symbol,
}

impl Kind {
    fn of(architecture: Architecture, r_type: u32) -> Option<Self> {
        use object::elf;
        match (architecture, r_type) {
            (Architecture::X86_64, elf::R_X86_64_RELATIVE)
            | (Architecture::Aarch64, elf::R_AARCH64_RELATIVE) => Some(Kind::Relative),
            (
                Architecture::X86_64,
                elf::R_X86_64_64 | elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT,
            )
            | (
                Architecture::Aarch64,
                elf::R_AARCH64_ABS64 | elf::R_AARCH64_GLOB_DAT | elf::R_AARCH64_JUMP_SLOT,
            ) => Some(Kind::Symbol),
            _ => None,
        }
    }
}

/// The addresses of `.relr.dyn`, which packs relative relocations; the targets are stored in place.
fn packed(bytes: &[u8]) -> Vec<u64> {
    let Ok(header) = object::elf::FileHeader64::<object::LittleEndian>::parse(bytes) else {
        return Vec::new();
    };
    let endian = object::LittleEndian;
    let Ok(sections) = header.sections(endian, bytes) else { return Vec::new() };
    let mut res = Vec::new();
    for section in sections.iter() {
        if let Ok(Some(found)) = section.relr(endian, bytes) {
            res.extend(found.take(MANY));
        }
    }
    res
}

/// A pointer in a chain of fixups of Mach-O: 36 bits of target, flags above; imports have the highest bit set. Without
/// chains the upper bits are zero and nothing changes.
fn chained(word: u64) -> u64 {
    if word >> 63 == 1 { 0 } else { word & 0xf_ffff_ffff }
}
