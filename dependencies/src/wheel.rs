//! The extension files of a wheel, read without unpacking it to the disk.
//!
//! A wheel is somebody else's archive: its names are checked, its sizes are bounded by what is really unpacked and not by
//! what it says, and nothing is written.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use crate::binary::{self, BinaryError, LARGEST};
use crate::declaration::Declaration;

/// More files than any wheel has.
const FILES: usize = 200_000;

/// So much is unpacked of one wheel at most.
const TOTAL: u64 = 4 * 1024 * 1024 * 1024;

/// Text unpacks a hundredfold at most; what unpacks further has no other purpose.
const RATIO: u64 = 200;

/// A wheel that cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WheelError(pub String);

/// One extension file of a wheel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Inside of the wheel.
    pub path: String,
    /// What it declares, or why it cannot be read.
    pub read: Result<Declaration, BinaryError>,
}

/// Reads a wheel from the disk.
pub fn read(path: &Path) -> Result<Vec<Member>, WheelError> {
    let file = File::open(path).map_err(|it| WheelError(it.to_string()))?;
    members(BufReader::new(file))
}

/// The extension files of an archive, in the order of their names.
pub fn members(archive: impl Read + Seek) -> Result<Vec<Member>, WheelError> {
    let mut archive =
        zip::ZipArchive::new(archive).map_err(|it| WheelError(format!("not a wheel: {it}")))?;
    if archive.len() > FILES {
        return Err(WheelError(format!("more than {FILES} files")));
    }
    let (mut res, mut total) = (Vec::new(), 0);
    for index in 0..archive.len() {
        let file =
            archive.by_index(index).map_err(|it| WheelError(format!("file {index}: {it}")))?;
        let name = file.name().to_owned();
        if !is_inside(&name) {
            return Err(WheelError(format!(
                "`{name}` leads out of the directory it is unpacked to"
            )));
        }
        let Some((module, tag)) = binary::module_name(Path::new(&name)) else { continue };
        if file.is_dir() {
            continue;
        }
        let limit = LARGEST.min(file.compressed_size().saturating_mul(RATIO).max(1 << 20));
        let mut bytes = Vec::new();
        let unpacked = file.take(limit + 1).read_to_end(&mut bytes);
        total += bytes.len() as u64;
        if total > TOTAL {
            return Err(WheelError("unpacks to more than four gigabytes".to_owned()));
        }
        let read = match unpacked {
            Err(error) => Err(BinaryError(format!("cannot be unpacked: {error}"))),
            Ok(_) if bytes.len() as u64 > limit => {
                Err(BinaryError("unpacks to much more than its size in the archive".to_owned()))
            }
            Ok(_) if !bytes.is_empty() && is_library(&bytes) => continue,
            Ok(_) => binary::declaration(&bytes, module, tag),
        };
        res.push(Member { path: name, read });
    }
    res.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(res)
}

/// A library that is well formed and no module: it lies in the package for the modules.
fn is_library(bytes: &[u8]) -> bool {
    binary::exports_no_module(bytes)
}

/// Names of wheels are relative and go down only. Backslashes are separators on Windows.
fn is_inside(name: &str) -> bool {
    let path = PathBuf::from(name.replace('\\', "/"));
    let drive = name.as_bytes().get(1) == Some(&b':');
    let plain = !drive && !name.chars().any(char::is_control);
    plain && path.components().all(|it| matches!(it, std::path::Component::Normal(_)))
}
