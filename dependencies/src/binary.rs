//! Reads an extension file and says whether its module declares that it runs without the GIL, without loading it.
//!
//! What `CPython` looks at is one number: the value of the slot `Py_mod_gil` in the array that `PyInit_x` returns through
//! `PyModuleDef_Init`, or what a module made in one phase has told `PyUnstable_Module_SetGIL` before `PyInit_x` returns
//! (`_PyImport_CheckGILForModule`, Python/import.c). Most compilers leave the array in the file as data. Where a program
//! fills it in when it runs, or decides by computation, the answer is `cannot tell`.

mod calls;
mod image;
mod module;
mod references;

use std::ops::Range;
use std::path::Path;

use object::read::macho::{FatArch as _, MachOFatFile32, MachOFatFile64};
use object::{Architecture, FileKind};

use crate::declaration::Declaration;
use calls::Argument;
use image::Image;
use module::{Definition, Shape, Slots};

/// The largest file that is read: the largest extension of a popular wheel has a third of it.
pub const LARGEST: u64 = 1024 * 1024 * 1024;

/// A file that is no extension that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BinaryError(pub String);

/// What a file name says about the interpreters that load the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// `.cpython-314t-x86_64-linux-gnu.so`, `.cp314t-win_amd64.pyd`, `.abi3t.so`.
    FreeThreaded,
    /// `.cpython-314-x86_64-linux-gnu.so`, `.cp314-win_amd64.pyd`.
    WithGil,
    /// `.abi3.so`: the stable ABI of builds with the GIL.
    Stable,
    /// `.so`, `.pyd`: every interpreter loads it.
    None,
}

/// Splits the name of an extension file into the module's last name and the tag. `None` for other files.
pub fn module_name(file: &Path) -> Option<(&str, Tag)> {
    let name = file.file_name()?.to_str()?;
    let stem = name.strip_suffix(".so").or_else(|| name.strip_suffix(".pyd"))?;
    let (module, tag) = stem.split_once('.').unwrap_or((stem, ""));
    let version = tag.split('-').find(|it| it.starts_with(|it: char| it.is_ascii_digit()));
    let version = version.or_else(|| tag.strip_prefix("cp")?.split('-').next());
    let tag = match (tag, version) {
        ("", _) => Tag::None,
        ("abi3", _) => Tag::Stable,
        ("abi3t", _) => Tag::FreeThreaded,
        (_, Some(it)) if it.trim_end_matches('d').ends_with('t') => Tag::FreeThreaded,
        (_, Some(_)) => Tag::WithGil,
        _ => return None,
    };
    (!module.is_empty()).then_some((module, tag))
}

/// Reads a file from the disk.
pub fn read(path: &Path) -> Result<Declaration, BinaryError> {
    let Some((module, tag)) = module_name(path) else {
        return Err(BinaryError("the name is not that of an extension module".to_owned()));
    };
    let metadata = path.metadata().map_err(|it| BinaryError(it.to_string()))?;
    if !metadata.is_file() {
        return Err(BinaryError("not a file".to_owned()));
    }
    if metadata.len() > LARGEST {
        return Err(BinaryError("larger than a gigabyte".to_owned()));
    }
    let bytes = std::fs::read(path).map_err(|it| BinaryError(it.to_string()))?;
    declaration(&bytes, module, tag)
}

/// What the module in these bytes declares.
pub fn declaration(bytes: &[u8], module: &str, tag: Tag) -> Result<Declaration, BinaryError> {
    let image = Image::parse(thin(bytes)?).map_err(BinaryError)?;
    Ok(decide(&image, module, tag))
}

/// Whether the bytes are a well-formed library that starts no module: packages bring such libraries for their modules.
pub fn exports_no_module(bytes: &[u8]) -> bool {
    let starts = |it: &String| it.starts_with("PyInit_") || it.starts_with("PyModExport_");
    thin(bytes)
        .and_then(|it| Image::parse(it).map_err(BinaryError))
        .is_ok_and(|it| !it.exports.keys().any(starts))
}

/// One architecture of a file of several.
fn thin(bytes: &[u8]) -> Result<&[u8], BinaryError> {
    let broken = |it: object::Error| BinaryError(it.to_string());
    let known = |it: &Architecture| matches!(it, Architecture::X86_64 | Architecture::Aarch64);
    let kind = FileKind::parse(bytes).map_err(|_| {
        BinaryError("neither ELF, Mach-O nor PE: the file does not begin like one".to_owned())
    })?;
    match kind {
        FileKind::MachOFat32 => {
            let file = MachOFatFile32::parse(bytes).map_err(broken)?;
            let arch = file.arches().iter().find(|it| known(&it.architecture()));
            arch.map_or(Ok(bytes), |it| it.data(bytes).map_err(broken))
        }
        FileKind::MachOFat64 => {
            let file = MachOFatFile64::parse(bytes).map_err(broken)?;
            let arch = file.arches().iter().find(|it| known(&it.architecture()));
            arch.map_or(Ok(bytes), |it| it.data(bytes).map_err(broken))
        }
        _ => Ok(bytes),
    }
}

fn decide(image: &Image<'_>, module: &str, tag: Tag) -> Declaration {
    if !image.exports.contains_key(&format!("PyInit_{module}")) {
        let reason = if image.exports.contains_key(&format!("PyModExport_{module}")) {
            "the module is exported by `PyModExport` of 3.15, whose slots are not read yet"
                .to_owned()
        } else {
            format!("the file does not export `PyInit_{module}`")
        };
        return Declaration::CannotTell(reason);
    }
    let imports = |name: &str| image.imports.contains(name);
    if imports("PyModuleDef_Init") {
        return in_phases(image, module, tag);
    }
    let creates =
        ["PyModule_Create2", "PyModule_FromDefAndSpec2"].into_iter().find(|it| imports(it));
    match (creates, imports("PyUnstable_Module_SetGIL")) {
        (_, true) => by_call(image),
        (Some(it), false) => Declaration::DoesNotDeclare(format!(
            "made in one phase by `{it}`, and `PyUnstable_Module_SetGIL` is not called"
        )),
        (None, false) => {
            Declaration::CannotTell("the module is made by another library".to_owned())
        }
    }
}

/// `PyModuleDef_Init`: the array of slots decides.
fn in_phases(image: &Image<'_>, module: &str, tag: Tag) -> Declaration {
    let shapes: &[Shape] = match tag {
        Tag::FreeThreaded => &[Shape::FREE_THREADED],
        Tag::WithGil | Tag::Stable => &[Shape::WITH_GIL],
        Tag::None => &[Shape::FREE_THREADED, Shape::WITH_GIL],
    };
    for shape in shapes {
        let mut all = module::definitions(image, *shape);
        let named = all.remove(module);
        let found: Vec<Definition> = match named {
            Some(it) => it,
            // A definition may have any name; the only one of the file is still the one.
            None if all.values().map(Vec::len).sum::<usize>() == 1 => {
                all.into_values().flatten().collect()
            }
            None => continue,
        };
        return of_definitions(image, &found);
    }
    Declaration::CannotTell("its `PyModuleDef` is not in the data of the file".to_owned())
}

fn of_definitions(image: &Image<'_>, found: &[Definition]) -> Declaration {
    let Some(first) = found.first() else {
        return Declaration::CannotTell(
            "its `PyModuleDef` is not in the data of the file".to_owned(),
        );
    };
    if found.iter().any(|it| it.slots != first.slots) {
        return Declaration::CannotTell("several `PyModuleDef` have its name".to_owned());
    }
    let named = |it: &Range<u64>| references::is_named(image, it) != Some(false);
    if first.array.as_ref().is_some_and(named) || named(&first.field) {
        return Declaration::CannotTell(
            "code of the module names its array of slots and may change it".to_owned(),
        );
    }
    let at = first.at;
    match first.slots {
        Slots::Array(Some(1)) => Declaration::Declares(format!(
            "the slots of the `PyModuleDef` at {at:#x} have `Py_mod_gil` = `Py_MOD_GIL_NOT_USED`"
        )),
        Slots::Array(Some(_)) => Declaration::DoesNotDeclare(format!(
            "the slots of the `PyModuleDef` at {at:#x} have `Py_mod_gil` = `Py_MOD_GIL_USED`"
        )),
        Slots::Array(None) => Declaration::DoesNotDeclare(format!(
            "the slots of the `PyModuleDef` at {at:#x} have no `Py_mod_gil`"
        )),
        Slots::None | Slots::Unreadable => Declaration::CannotTell(
            "its slots are filled in when the module is imported".to_owned(),
        ),
    }
}

/// One phase: what is passed to `PyUnstable_Module_SetGIL` decides.
fn by_call(image: &Image<'_>) -> Declaration {
    let arguments = calls::second_arguments(image, "PyUnstable_Module_SetGIL");
    let all = |it: Argument| !arguments.is_empty() && arguments.iter().all(|found| *found == it);
    if all(Argument::Constant(1)) {
        Declaration::Declares(
            "made in one phase, calls `PyUnstable_Module_SetGIL` with `Py_MOD_GIL_NOT_USED`"
                .to_owned(),
        )
    } else if all(Argument::Constant(0)) {
        Declaration::DoesNotDeclare(
            "made in one phase, calls `PyUnstable_Module_SetGIL` with `Py_MOD_GIL_USED`".to_owned(),
        )
    } else {
        Declaration::CannotTell(
            "made in one phase, and what it tells `PyUnstable_Module_SetGIL` is computed"
                .to_owned(),
        )
    }
}
