//! Extension files that are compiled here, whole and broken. Where there is no C compiler that is said, and nothing is
//! tested.
#![expect(clippy::unwrap_used, reason = "a test that cannot set the scene has to fail")]

mod hostile;
mod kinds;
mod locks;
mod support;
