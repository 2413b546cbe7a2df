//! The one path under which generated code finds the runtime.

use proc_macro_crate::{FoundCrate, crate_name};
use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

/// `::otp_core::__private`, under the name that the user's Cargo.toml gives to otp-core, or as `crate = path` says.
pub(crate) struct Runtime(TokenStream);

impl Runtime {
    /// The runtime below `path`, otherwise where Cargo.toml says.
    pub(crate) fn new(path: Option<&syn::Path>) -> Self {
        let path = path.map_or_else(found, ToTokens::to_token_stream);
        Runtime(quote!(#path::__private))
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        self.0.to_tokens(tokens);
    }
}

fn found() -> TokenStream {
    let name = match crate_name("otp-core") {
        Ok(FoundCrate::Name(name)) => name,
        // Inside otp-core, which says `extern crate self as otp_core`, and where nothing is known.
        Ok(FoundCrate::Itself) | Err(_) => "otp_core".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote!(::#name)
}
