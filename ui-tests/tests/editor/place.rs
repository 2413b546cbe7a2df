//! Places in a text, as the protocol counts them: lines from 0, and in them bytes from 0.

use serde_json::{Value, json};

/// Between two letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    /// Behind so many bytes of the text.
    pub(crate) fn behind(text: &str, bytes: usize) -> Self {
        let before = &text[..bytes];
        let line = before.rfind('\n').map_or(0, |end| end + 1);
        Place {
            line: before.matches('\n').count(),
            column: bytes - line,
        }
    }

    /// How many bytes of the text are before it.
    pub(crate) fn bytes(self, text: &str) -> usize {
        let lines = text.split_inclusive('\n').take(self.line);
        lines.map(str::len).sum::<usize>() + self.column
    }

    pub(crate) fn to_json(self) -> Value {
        json!({ "line": self.line, "character": self.column })
    }

    fn from_json(value: &Value) -> Self {
        let number = |value: &Value| value.as_u64().and_then(|number| number.try_into().ok());
        let place = number(&value["line"]).zip(number(&value["character"]));
        let (line, column) = place.unwrap_or_else(|| panic!("this is no place: {value}"));
        Place { line, column }
    }
}

/// The start and the end of a range.
pub(crate) fn ends(range: &Value) -> (Place, Place) {
    (
        Place::from_json(&range["start"]),
        Place::from_json(&range["end"]),
    )
}
