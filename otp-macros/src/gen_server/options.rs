//! `restart = transient, shutdown = 10s, mailbox = bounded(1024)`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{LitInt, Path, Token, parenthesized};

use crate::attr::{Setting, Settings};
use crate::duration;
use crate::errors::Errors;
use crate::runtime::Runtime;
use crate::symbol;

/// What a server says of itself; an absent option keeps OTP's default.
#[derive(Default)]
pub(crate) struct Options {
    restart: Option<&'static str>,
    shutdown: Option<Shutdown>,
    mailbox: Option<Mailbox>,
}

/// How long a child may take to stop.
pub(crate) enum Shutdown {
    Milliseconds(u64),
    BrutalKill,
    Infinity,
}

enum Mailbox {
    Unbounded,
    Bounded {
        capacity: LitInt,
        when_full: &'static str,
    },
}

const RESTARTS: &str = "`permanent`, `transient` or `temporary`";
const SHUTDOWNS: &str = "a time such as `10s` or `500ms`, `brutal_kill` or `infinity`";
const MAILBOXES: &str =
    "`unbounded`, `bounded(n)`, `bounded(n, refuse)` or `bounded(n, drop_oldest)`";

impl Options {
    pub(crate) fn new(settings: &Settings, errors: &mut Errors) -> Self {
        Options {
            restart: settings.get(symbol::RESTART, errors, restart),
            shutdown: settings.get(symbol::SHUTDOWN, errors, shutdown),
            mailbox: settings.get(symbol::MAILBOX, errors, mailbox),
        }
    }

    /// `ServerOptions::DEFAULT.restart(Restart::Transient)`
    pub(crate) fn expand(&self, rt: &Runtime) -> TokenStream {
        let word = |name: &str| Ident::new(name, proc_macro2::Span::call_site());
        let restart = self.restart.map(|restart| expand_restart(restart, rt));
        let shutdown = self.shutdown.as_ref().map(|shutdown| shutdown.expand(rt));
        let mailbox = self.mailbox.as_ref().map(|mailbox| match mailbox {
            Mailbox::Unbounded => quote!(.mailbox(#rt::MailboxPolicy::Unbounded)),
            Mailbox::Bounded {
                capacity,
                when_full,
            } => {
                let when_full = word(when_full);
                quote!(.mailbox(#rt::MailboxPolicy::#when_full(#capacity)))
            }
        });
        quote!(#rt::ServerOptions::DEFAULT #restart #shutdown #mailbox)
    }
}

impl Shutdown {
    /// `.shutdown(Shutdown::Infinity)`
    pub(crate) fn expand(&self, rt: &Runtime) -> TokenStream {
        match self {
            Shutdown::Milliseconds(time) => {
                quote!(.shutdown(#rt::Shutdown::Timeout(#rt::core::time::Duration::from_millis(#time))))
            }
            Shutdown::BrutalKill => quote!(.shutdown(#rt::Shutdown::BrutalKill)),
            Shutdown::Infinity => quote!(.shutdown(#rt::Shutdown::Infinity)),
        }
    }
}

/// `.restart(Restart::Transient)`
pub(crate) fn expand_restart(restart: &str, rt: &Runtime) -> TokenStream {
    let restart = Ident::new(restart, proc_macro2::Span::call_site());
    quote!(.restart(#rt::Restart::#restart))
}

/// Reads `protocols(KeyValue, Log)`.
pub(crate) fn protocols(settings: &Settings, errors: &mut Errors) -> Vec<Path> {
    let read = |setting: &Setting| {
        Punctuated::<Path, Token![,]>::parse_terminated
            .parse2(setting.value.clone())
            .map_err(|_| setting.expected("the names of traits, such as `protocols(KeyValue)`"))
    };
    let paths = settings.get(symbol::PROTOCOLS, errors, read);
    paths.into_iter().flatten().collect()
}

/// Reads `restart = transient`, as the name of the variant.
pub(crate) fn restart(setting: &Setting) -> syn::Result<&'static str> {
    let word: Ident = setting.read(RESTARTS)?;
    match word.to_string().as_str() {
        "permanent" => Ok("Permanent"),
        "transient" => Ok("Transient"),
        "temporary" => Ok("Temporary"),
        _ => Err(setting.expected(RESTARTS)),
    }
}

/// Reads `shutdown = 10s`.
pub(crate) fn shutdown(setting: &Setting) -> syn::Result<Shutdown> {
    if let Ok(time) = syn::parse2::<LitInt>(setting.value.clone()) {
        return duration::milliseconds(&time)
            .map(Shutdown::Milliseconds)
            .ok_or_else(|| setting.expected(SHUTDOWNS));
    }
    let word: Ident = setting.read(SHUTDOWNS)?;
    match word.to_string().as_str() {
        "brutal_kill" => Ok(Shutdown::BrutalKill),
        "infinity" => Ok(Shutdown::Infinity),
        _ => Err(setting.expected(SHUTDOWNS)),
    }
}

fn mailbox(setting: &Setting) -> syn::Result<Mailbox> {
    let parse = |input: ParseStream<'_>| {
        let word: Ident = input.parse()?;
        if word == "unbounded" {
            return Ok(Mailbox::Unbounded);
        }
        let inside;
        parenthesized!(inside in input);
        let capacity: LitInt = inside.parse()?;
        let has_policy = inside.parse::<Option<Token![,]>>()?.is_some() && !inside.is_empty();
        let policy = if has_policy {
            inside.parse::<Ident>()?.to_string()
        } else {
            "wait".to_owned()
        };
        let when_full = match policy.as_str() {
            "wait" => "wait",
            "refuse" => "refuse",
            "drop_oldest" => "drop_oldest",
            _ => return Err(inside.error("")),
        };
        inside.parse::<Option<Token![,]>>()?;
        let is_count = word == "bounded" && inside.is_empty() && capacity.suffix().is_empty();
        if is_count {
            Ok(Mailbox::Bounded {
                capacity,
                when_full,
            })
        } else {
            Err(input.error(""))
        }
    };
    let mailbox = parse
        .parse2(setting.value.clone())
        .map_err(|_| setting.expected(MAILBOXES))?;
    match &mailbox {
        Mailbox::Bounded { capacity, .. } => match capacity.base10_parse::<usize>() {
            Ok(0) => Err(syn::Error::new_spanned(
                capacity,
                "a mailbox for no message receives none; write 1 or more",
            )),
            Ok(_) => Ok(mailbox),
            Err(_) => Err(setting.expected(MAILBOXES)),
        },
        Mailbox::Unbounded => Ok(mailbox),
    }
}
