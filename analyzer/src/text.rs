//! The text of a source file. After a file has been indexed its text is wanted again only to place findings, so that
//! of a large project is kept packed: the texts would be a fifth of its memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shorter texts are not packed.
const MIN_PACKED: usize = 1024;

/// A text that can be packed. Packing is not seen from outside: equal texts stay equal.
pub struct Text(Mutex<Held>);

enum Held {
    Plain(Arc<str>),
    /// By LZ4, preceded by the length.
    Packed(Box<[u8]>),
}

impl Text {
    /// The text itself.
    pub fn get(&self) -> Arc<str> {
        match &*self.held() {
            Held::Plain(text) => Arc::clone(text),
            Held::Packed(bytes) => unpack(bytes).into(),
        }
    }

    /// Keeps the text in less memory from now on.
    pub(crate) fn pack(&self) {
        let mut held = self.held();
        if let Held::Plain(text) = &*held
            && text.len() >= MIN_PACKED
        {
            let mut bytes = lz4_flex::compress_prepend_size(text.as_bytes());
            crate::domain::exact(&mut bytes);
            *held = Held::Packed(bytes.into());
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unpack(bytes: &[u8]) -> String {
    // What `pack` wrote is always read back; nothing else is ever here.
    let bytes = lz4_flex::decompress_size_prepended(bytes).unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl Eq for Text {}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.get(), f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text(Mutex::new(Held::Plain(text.into())))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Text(Mutex::new(Held::Plain(text.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn packed_texts_read_the_same() {
        for text in ["", "x = 1\n", &"cache = {}  # é 🦀\n".repeat(1000)] {
            let packed = Text::from(text);
            packed.pack();
            assert_eq!(&*packed.get(), text);
            assert!(packed == Text::from(text));
        }
    }
}
