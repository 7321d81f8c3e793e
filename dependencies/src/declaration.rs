//! What an extension module says about the GIL.

use std::fmt;

/// What an extension file declares, with the reason in words.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Declaration {
    /// The module says that it runs without the GIL: importing it leaves the GIL off.
    Declares(String),
    /// It does not say so: importing it switches the GIL on for the whole process.
    DoesNotDeclare(String),
    /// The file does not tell.
    CannotTell(String),
}

impl Declaration {
    /// The three words that people and programs read.
    pub fn word(&self) -> &'static str {
        match self {
            Declaration::Declares(_) => "declares",
            Declaration::DoesNotDeclare(_) => "does not declare",
            Declaration::CannotTell(_) => "cannot tell",
        }
    }

    /// What was seen in the file.
    pub fn reason(&self) -> &str {
        let (Declaration::Declares(it)
        | Declaration::DoesNotDeclare(it)
        | Declaration::CannotTell(it)) = self;
        it
    }
}

impl fmt::Display for Declaration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.reason())
    }
}
