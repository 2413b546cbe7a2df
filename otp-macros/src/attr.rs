//! The one parser of `key = value, …`: what is unknown, double or without a value is told for every macro alike.

use proc_macro2::{Delimiter, Ident, Punct, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::Parse;

use crate::errors::Errors;
use crate::symbol::{self, FLAGS, LISTS, SERVER_OPTIONS};

/// One `key = value`.
pub(crate) struct Setting {
    pub(crate) key: Ident,
    pub(crate) value: TokenStream,
}

/// The settings of one attribute, each key once, each key known.
pub(crate) struct Settings(Vec<Setting>);

impl Settings {
    /// Reads `arguments`; what is wrong is noted in `errors` and left out.
    pub(crate) fn parse(arguments: TokenStream, known: &[&str], errors: &mut Errors) -> Self {
        let mut settings: Vec<Setting> = Vec::new();
        for tokens in split_at_commas(arguments) {
            let Some(setting) = errors.take(setting(tokens, known)) else {
                continue;
            };
            if settings.iter().any(|earlier| earlier.key == setting.key) {
                errors.push(
                    &setting.key,
                    format!(
                        "`{}` is set twice; remove one of the two",
                        setting.key.unraw()
                    ),
                );
            } else {
                settings.push(setting);
            }
        }
        Settings(settings)
    }

    /// The value of `key`, read by `read`.
    pub(crate) fn get<T>(
        &self,
        key: &str,
        errors: &mut Errors,
        read: impl FnOnce(&Setting) -> syn::Result<T>,
    ) -> Option<T> {
        let setting = self.0.iter().find(|setting| setting.key == key)?;
        errors.take(read(setting))
    }

    /// Whether `key` is there.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|setting| setting.key == key)
    }

    /// The value of `crate = path`.
    pub(crate) fn crate_path(&self, errors: &mut Errors) -> Option<syn::Path> {
        self.get(symbol::CRATE, errors, |setting| {
            setting.read("the path of otp-core, such as `crate = ::my_crate::otp_core`")
        })
    }
}

impl Setting {
    /// Whether it stands without a value.
    pub(crate) fn is_flag(&self) -> bool {
        self.value.is_empty()
    }

    /// The value as a `T`; otherwise the sentence names what was `expected`.
    pub(crate) fn read<T: Parse>(&self, expected: &str) -> syn::Result<T> {
        syn::parse2(self.value.clone()).map_err(|_| self.expected(expected))
    }

    /// The mistake of a value that is none of `expected`.
    pub(crate) fn expected(&self, expected: &str) -> syn::Error {
        syn::Error::new_spanned(
            &self.value,
            format!("`{}` has no such value; write {expected}", self.key),
        )
    }
}

fn setting(tokens: Vec<TokenTree>, known: &[&str]) -> syn::Result<Setting> {
    let mut tokens = tokens.into_iter();
    let list = || symbol::list(known);
    let key = match tokens.next() {
        Some(TokenTree::Ident(key)) => key,
        other => {
            let found = other.map(TokenTree::into_token_stream).unwrap_or_default();
            return Err(syn::Error::new_spanned(
                found,
                format!("this is no option; write one of {}", list()),
            ));
        }
    };
    if !known.contains(&key.to_string().as_str()) {
        let message = if key == symbol::PROTOCOLS && known.contains(&symbol::RESTART) {
            "`protocols` says what a server handles; write it in the `#[gen_server]` above the impl"
                .to_owned()
        } else if SERVER_OPTIONS.contains(&key.to_string().as_str()) {
            format!(
                "`{key}` says what a server is; write it in the `#[gen_server]` above the struct"
            )
        } else if key == "name" {
            "a server is named when it starts; write `.name(…)` behind `start_link(…)`".to_owned()
        } else if let [only] = known {
            format!("unknown option `{key}`; here stands `{only}` only")
        } else {
            format!("unknown option `{key}`; write one of {}", list())
        };
        return Err(syn::Error::new_spanned(&key, message));
    }
    let next = tokens.next();
    if LISTS.contains(&key.to_string().as_str()) {
        return parenthesized(key, next, tokens.next());
    }
    let is_flag = next.is_none() && FLAGS.contains(&key.to_string().as_str());
    let is_equals = matches!(next, Some(TokenTree::Punct(equals)) if equals.as_char() == '=');
    let value: TokenStream = tokens.collect();
    if is_flag || (is_equals && !value.is_empty()) {
        Ok(Setting { key, value })
    } else {
        Err(syn::Error::new_spanned(
            &key,
            format!("`{key}` has no value; write `{key} = …`"),
        ))
    }
}

/// `protocols(KeyValue, Log)`, whose value is what the parentheses hold.
fn parenthesized(
    key: Ident,
    next: Option<TokenTree>,
    more: Option<TokenTree>,
) -> syn::Result<Setting> {
    match (next, more) {
        (Some(TokenTree::Group(group)), None)
            if group.delimiter() == Delimiter::Parenthesis && !group.stream().is_empty() =>
        {
            let value = group.stream();
            Ok(Setting { key, value })
        }
        _ => {
            let message = format!(
                "`{key}` is a list; write `{key}({})`",
                symbol::one_of_list(&key)
            );
            Err(syn::Error::new_spanned(&key, message))
        }
    }
}

/// The commas of groups and of `<A, B>` stay: no option's value has the latter outside of a group.
pub(crate) fn split_at_commas(tokens: TokenStream) -> Vec<Vec<TokenTree>> {
    let mut parts = vec![Vec::new()];
    for token in tokens {
        match &token {
            TokenTree::Punct(punct) if is_comma(punct) => parts.push(Vec::new()),
            _ => {
                if let Some(part) = parts.last_mut() {
                    part.push(token);
                }
            }
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn is_comma(punct: &Punct) -> bool {
    punct.as_char() == ','
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn mistakes(arguments: TokenStream) -> Vec<String> {
        let mut errors = Errors::default();
        Settings::parse(arguments, &["restart", "mailbox", "crate"], &mut errors);
        match errors.finish() {
            Ok(()) => Vec::new(),
            Err(errors) => errors.into_iter().map(|error| error.to_string()).collect(),
        }
    }

    #[test]
    fn known_options_are_read_whatever_their_values() {
        assert!(mistakes(quote!()).is_empty());
        assert!(
            mistakes(quote!(
                restart = transient,
                mailbox = bounded(1, refuse),
                crate = ::a::b,
            ))
            .is_empty()
        );
    }

    #[test]
    fn all_mistakes_of_an_attribute_are_told() {
        assert_eq!(
            mistakes(quote!(
                restrat = transient,
                restart,
                mailbox = unbounded,
                mailbox = unbounded,
                5
            )),
            [
                "unknown option `restrat`; write one of `restart`, `mailbox`, `crate`",
                "`restart` has no value; write `restart = …`",
                "`mailbox` is set twice; remove one of the two",
                "this is no option; write one of `restart`, `mailbox`, `crate`",
            ]
        );
    }
}
