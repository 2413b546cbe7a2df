//! Collects the mistakes of an item, so that all of them are reported at once.

use std::fmt::Display;

use quote::ToTokens;

/// The mistakes found so far.
#[derive(Default)]
#[must_use = "mistakes are to be reported: call `finish`"]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// A mistake at `tokens`, which are what the user is to change.
    pub(crate) fn push(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// A mistake that already has its place.
    pub(crate) fn add(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The value, or else the mistake noted.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    /// Whether there is no mistake so far.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// All mistakes as one error, if there are any.
    pub(crate) fn finish(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use proc_macro2::Span;

    use super::*;

    #[test]
    fn all_mistakes_are_kept_in_order() {
        let mut errors = Errors::default();
        for text in ["first", "second", "third"] {
            errors.add(syn::Error::new(Span::call_site(), text));
        }
        let texts: Vec<String> = errors
            .finish()
            .unwrap_err()
            .into_iter()
            .map(|error| error.to_string())
            .collect();
        assert_eq!(texts, ["first", "second", "third"]);
    }
}
