//! Builds a free-threaded `CPython` from its source release: configure, make, install beside, slim down.

use super::pins::Pin;
use super::tool::{make_directory, must};
use super::{Progress, tool};
use crate::error::RuntimeError;
use crate::interpreter::Env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// The prefix it is configured with. It is moved from there, and finds its library from its own place.
const PREFIX: &str = "/install";

/// Below `lib/python3.14t`: tests, and what needs a screen.
const UNNEEDED: &[&str] =
    &["test", "idlelib", "turtledemo", "tkinter", "ctypes/test", "unittest/test", "lib2to3/tests"];

/// Fails with what to install when a build cannot work on this machine.
pub(super) fn check_tools(env: Env<'_>) -> Result<(), RuntimeError> {
    let has = |names: &[&str]| names.iter().any(|name| tool::locate(name, env).is_some());
    let needs = [
        (has(&["cc", "gcc", "clang"]), "a C compiler"),
        (has(&["make"]), "make"),
        (has(&["tar", "python3"]), "tar"),
    ];
    let missing: Vec<_> = needs.iter().filter(|(there, _)| !there).map(|(_, what)| *what).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let how = if cfg!(target_os = "macos") {
        "xcode-select --install"
    } else {
        "apt-get install build-essential"
    };
    Err(RuntimeError::MissingTool(format!(
        "building CPython needs {}, which this machine lacks; install it first, for example: {how}",
        missing.join(" and ")
    )))
}

/// Builds in `workspace`; gives the directory that is to be moved into the cache.
pub(super) fn build(
    tarball: &Path,
    pin: &Pin,
    workspace: &Path,
    env: Env<'_>,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, RuntimeError> {
    let log = workspace.join("build.log");
    progress(Progress::Step(&format!("unpacking CPython {}", pin.text)));
    let source = unpack(tarball, workspace, env, &log, progress)?;
    progress(Progress::Step(&format!("configuring CPython {} without the GIL", pin.text)));
    let options = [
        "--disable-gil",
        "--disable-test-modules",
        "--without-static-libpython",
        "--with-ensurepip=no",
    ];
    let mut configure = Command::new(source.join("configure"));
    configure.arg(format!("--prefix={PREFIX}")).args(options);
    must(configure.current_dir(&source), &log, progress)?;
    let jobs = thread::available_parallelism().map_or(1, usize::from);
    progress(Progress::Step(&format!(
        "compiling CPython {} with {jobs} jobs: some minutes",
        pin.text
    )));
    let make = || {
        let mut make = Command::new("make");
        make.current_dir(&source);
        make
    };
    must(make().arg(format!("-j{jobs}")), &log, progress)?;
    progress(Progress::Step(&format!("installing CPython {}", pin.text)));
    let root = workspace.join("root");
    must(make().arg("install").arg(format!("DESTDIR={}", root.display())), &log, progress)?;
    let built = root.join(PREFIX.trim_start_matches('/'));
    slim(&built, pin)?;
    strip(&built, env, &log, progress)?;
    Ok(built)
}

/// Gives the one directory that the tarball holds.
fn unpack(
    tarball: &Path,
    workspace: &Path,
    env: Env<'_>,
    log: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<PathBuf, RuntimeError> {
    let place = workspace.join("source");
    make_directory(&place)?;
    let with_tar = match tool::locate("tar", env) {
        Some(tar) => tool::run(
            Command::new(tar).arg("-xf").arg(tarball).arg("-C").arg(&place),
            log,
            progress,
        )?
        .success(),
        None => false,
    };
    if !with_tar {
        // There is a tar without xz: Python has its own.
        let code = "import sys, tarfile; tarfile.open(sys.argv[1]).extractall(sys.argv[2])";
        let Some(python) = tool::locate("python3", env) else {
            let why = "the release cannot be unpacked: install xz-utils, for example: apt-get install xz-utils";
            return Err(RuntimeError::MissingTool(why.into()));
        };
        must(
            Command::new(python).args(["-I", "-c", code]).arg(tarball).arg(&place),
            log,
            progress,
        )?;
    }
    let entries = place.read_dir().map_err(RuntimeError::io("cannot read the unpacked release"))?;
    let mut directories = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|it| it.join("configure").is_file());
    directories.next().ok_or_else(|| RuntimeError::Install("the release holds no CPython".into()))
}

/// Removes what no replay needs, and the scripts that hold the old prefix.
fn slim(built: &Path, pin: &Pin) -> Result<(), RuntimeError> {
    let name = format!("python{}.{}", pin.version.major, pin.version.minor);
    let library = built.join("lib").join(format!("{name}t"));
    for below in UNNEEDED {
        remove(&library.join(below))?;
    }
    remove(&built.join("share"))?;
    let bin = built.join("bin");
    for path in children(&bin) {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if ["idle", "pydoc", "2to3"].iter().any(|it| file.starts_with(it)) {
            remove(&path)?;
        }
    }
    // Two names of one file: stripping would make it two files.
    let second = bin.join(&name);
    if second.exists() && bin.join(format!("{name}t")).exists() {
        remove(&second)?;
        link(&format!("{name}t"), &second)?;
    }
    visit(built, &mut |file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let unneeded =
            name.ends_with(".opt-1.pyc") || name.ends_with(".opt-2.pyc") || name.ends_with(".a");
        if unneeded { remove(file) } else { Ok(()) }
    })
}

#[cfg(unix)]
fn link(target: &str, name: &Path) -> Result<(), RuntimeError> {
    std::os::unix::fs::symlink(target, name)
        .map_err(RuntimeError::io(format!("cannot create {}", name.display())))
}

#[cfg(not(unix))]
fn link(_target: &str, _name: &Path) -> Result<(), RuntimeError> {
    Err(RuntimeError::Unsupported)
}

/// Drops debug symbols, four fifths of the size. Not on macOS, where it breaks the signature.
fn strip(
    built: &Path,
    env: Env<'_>,
    log: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), RuntimeError> {
    let Some(strip) = tool::locate("strip", env).filter(|_| cfg!(target_os = "linux")) else {
        return Ok(());
    };
    let mut binaries = Vec::new();
    visit(built, &mut |file| {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let is_program = file.parent() == Some(&built.join("bin"))
            && name.ends_with('t')
            && name.starts_with("python");
        if is_program || Path::new(&*name).extension().is_some_and(|it| it == "so") {
            binaries.push(file.to_owned());
        }
        Ok(())
    })?;
    // It only saves space: what it refuses stays as it is.
    tool::run(
        Command::new(strip).arg("--strip-unneeded").args(&binaries).stdin(Stdio::null()),
        log,
        progress,
    )?;
    Ok(())
}

fn children(directory: &Path) -> Vec<PathBuf> {
    directory
        .read_dir()
        .map(|entries| entries.flatten().map(|it| it.path()).collect())
        .unwrap_or_default()
}

/// All files below, links left out.
fn visit(
    directory: &Path,
    act: &mut dyn FnMut(&Path) -> Result<(), RuntimeError>,
) -> Result<(), RuntimeError> {
    for path in children(directory) {
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            visit(&path, act)?;
        } else if metadata.is_file() {
            act(&path)?;
        }
    }
    Ok(())
}

/// Removes a file or a tree; nothing there is fine.
pub(super) fn remove(path: &Path) -> Result<(), RuntimeError> {
    let Ok(metadata) = path.symlink_metadata() else { return Ok(()) };
    let removed = if metadata.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(RuntimeError::io(format!("cannot remove {}", path.display())))
}
