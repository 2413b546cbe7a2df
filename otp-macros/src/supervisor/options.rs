//! What the settings of a tree and the options of a child say.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::parse::{ParseStream, Parser};
use syn::{LitBool, LitInt, LitStr, Path, Token};

use crate::attr::Setting;
use crate::duration;
use crate::errors::Errors;
use crate::gen_server::options::{self, Shutdown};
use crate::runtime::Runtime;
use crate::symbol::{self, AUTO_SHUTDOWN, BACK_OFF, MAX_RESTARTS, STRATEGY};

/// What a tree says of itself; what is absent keeps OTP's default.
pub(crate) struct Flags {
    /// None if it is missing, or wrong.
    pub(crate) strategy: Option<&'static str>,
    pub(crate) has_strategy: bool,
    pub(crate) auto_shutdown: Option<&'static str>,
    max_restarts: Option<MaxRestarts>,
    back_off: Option<BackOff>,
}

/// `3 in 5s`
struct MaxRestarts {
    count: u32,
    period: u64,
}

/// `100ms to 10s`
struct BackOff {
    first: u64,
    max: u64,
}

/// A word of ours, and the variant that it stands for.
type Word = (&'static str, &'static str);

const STRATEGIES: [Word; 3] = [
    ("one_for_one", "OneForOne"),
    ("one_for_all", "OneForAll"),
    ("rest_for_one", "RestForOne"),
];
const AUTO_SHUTDOWNS: [Word; 3] = [
    (NEVER, "Never"),
    ("any_significant", "AnySignificant"),
    ("all_significant", "AllSignificant"),
];
const NEVER: &str = "never";

impl Flags {
    pub(crate) fn new(settings: &[Setting], errors: &mut Errors) -> Self {
        let find = |key: &str| settings.iter().find(|setting| setting.key == key);
        Flags {
            strategy: find(STRATEGY).and_then(|setting| errors.take(strategy(setting))),
            has_strategy: find(STRATEGY).is_some(),
            auto_shutdown: find(AUTO_SHUTDOWN)
                .and_then(|setting| errors.take(word(setting, &AUTO_SHUTDOWNS))),
            max_restarts: find(MAX_RESTARTS).and_then(|setting| errors.take(max_restarts(setting))),
            back_off: find(BACK_OFF).and_then(|setting| errors.take(back_off(setting))),
        }
    }

    /// Whether the tree can shut down by itself; a wrong word is taken for one that lets it.
    pub(crate) fn can_shut_down(settings: &[Setting]) -> bool {
        let mut settings = settings.iter();
        let setting = settings.find(|setting| setting.key == AUTO_SHUTDOWN);
        setting.is_some_and(|setting| setting.value.to_string() != NEVER)
    }

    /// `Supervisor::builder(Strategy::OneForOne).max_restarts(3, Duration::from_millis(5000))`
    pub(crate) fn expand(&self, rt: &Runtime) -> TokenStream {
        let strategy = variant(self.strategy.unwrap_or("OneForOne"));
        let max_restarts = self.max_restarts.as_ref().map(|limit| {
            let limit = limit.expand(rt);
            quote!(.max_restarts(#limit))
        });
        let back_off = self.back_off.as_ref().map(|back_off| {
            let back_off = back_off.expand(rt);
            quote!(.back_off(#back_off))
        });
        let auto_shutdown = self.auto_shutdown.map(|auto_shutdown| {
            let auto_shutdown = variant(auto_shutdown);
            quote!(.auto_shutdown(#rt::AutoShutdown::#auto_shutdown))
        });
        quote! {
            #rt::Supervisor::builder(#rt::Strategy::#strategy) #max_restarts #auto_shutdown #back_off
        }
    }
}

impl MaxRestarts {
    /// `3, Duration::from_millis(5000)`
    fn expand(&self, rt: &Runtime) -> TokenStream {
        let MaxRestarts { count, period } = self;
        quote!(#count, #rt::core::time::Duration::from_millis(#period))
    }
}

impl BackOff {
    /// `BackOff::new(Duration::from_millis(100), Duration::from_millis(10_000))`
    fn expand(&self, rt: &Runtime) -> TokenStream {
        let BackOff { first, max } = self;
        quote! {
            #rt::BackOff::new(
                #rt::core::time::Duration::from_millis(#first),
                #rt::core::time::Duration::from_millis(#max),
            )
        }
    }
}

fn variant(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}

/// What a tree says of a child.
#[derive(Default)]
pub(crate) struct Options<'a> {
    pub(crate) restart: Option<(&'a Setting, &'static str)>,
    shutdown: Option<Shutdown>,
    /// The word `significant`, if it is so.
    pub(crate) significant: Option<&'a Ident>,
    /// What is said to the builder that makes the child.
    pub(crate) methods: Vec<Method<'a>>,
}

/// An option that is a method of what makes the child: `max_children: 10_000`.
pub(crate) struct Method<'a> {
    name: &'a Ident,
    arguments: Arguments<'a>,
}

enum Arguments<'a> {
    MaxRestarts(MaxRestarts),
    BackOff(BackOff),
    Other(&'a TokenStream),
}

impl<'a> Options<'a> {
    pub(crate) fn new(settings: &'a [Setting], errors: &mut Errors) -> Self {
        let mut options = Options::default();
        for setting in settings {
            let key = setting.key.to_string();
            match key.as_str() {
                symbol::RESTART => {
                    let restart = errors.take(options::restart(setting));
                    options.restart = restart.map(|restart| (setting, restart));
                }
                symbol::SHUTDOWN => options.shutdown = errors.take(shutdown(setting)),
                symbol::SIGNIFICANT => {
                    let is_significant = setting.read::<LitBool>("`true` or `false`");
                    let is_significant =
                        errors.take(is_significant).is_some_and(|value| value.value);
                    options.significant = is_significant.then_some(&setting.key);
                }
                _ => options
                    .methods
                    .extend(errors.take(Method::new(setting, &key))),
            }
        }
        options
    }

    /// `.restart(Restart::Transient).shutdown(…).significant(true)`
    pub(crate) fn expand(&self, rt: &Runtime) -> TokenStream {
        let restart = self
            .restart
            .map(|(_, restart)| options::expand_restart(restart, rt));
        let shutdown = self.shutdown.as_ref().map(|shutdown| shutdown.expand(rt));
        let significant = self.significant.map(|_| quote!(.significant(true)));
        quote!(#restart #shutdown #significant)
    }
}

impl<'a> Method<'a> {
    fn new(setting: &'a Setting, key: &str) -> syn::Result<Self> {
        Ok(Method {
            name: &setting.key,
            arguments: match key {
                MAX_RESTARTS => Arguments::MaxRestarts(max_restarts(setting)?),
                BACK_OFF => Arguments::BackOff(back_off(setting)?),
                _ => Arguments::Other(&setting.value),
            },
        })
    }

    /// `.max_children(10_000)`
    pub(crate) fn expand(&self, rt: &Runtime) -> TokenStream {
        let name = self.name;
        let arguments = match &self.arguments {
            Arguments::MaxRestarts(limit) => limit.expand(rt),
            Arguments::BackOff(back_off) => back_off.expand(rt),
            Arguments::Other(value) => (*value).clone(),
        };
        quote!(.#name(#arguments))
    }

    /// What the user wrote, where it may be any expression.
    pub(crate) fn value(&self) -> Option<&'a TokenStream> {
        match self.arguments {
            Arguments::Other(value) => Some(value),
            Arguments::MaxRestarts(_) | Arguments::BackOff(_) => None,
        }
    }
}

fn strategy(setting: &Setting) -> syn::Result<&'static str> {
    if setting.value.to_string().ends_with("simple_one_for_one") {
        return Err(syn::Error::new_spanned(
            &setting.value,
            "children that are alike have a supervisor of their own; write a child \
             `rooms: DynamicSupervisor::<Room>::new()`",
        ));
    }
    word(setting, &STRATEGIES)
}

/// One of a few words. What says the same in another form is told how it is written.
fn word(setting: &Setting, words: &[Word]) -> syn::Result<&'static str> {
    let found = syn::parse2::<Ident>(setting.value.clone()).map(|word| word.to_string());
    let found = found.unwrap_or_default();
    if let Some((_, variant)) = words.iter().find(|(word, _)| *word == found) {
        return Ok(variant);
    }
    let bare = bare_word(&setting.value).unwrap_or_default();
    let meant = words.iter().find(|(word, variant)| {
        *word == bare || *variant == bare || symbol::is_one_slip(&bare, word)
    });
    Err(match meant {
        Some((word, _)) => setting.expected(&format!("`{word}`")),
        None => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            setting.expected(&format!("one of {}", symbol::list(&words)))
        }
    })
}

/// The word in `:one_for_one`, `"one_for_one"`, `Strategy::OneForOne`.
fn bare_word(value: &TokenStream) -> Option<String> {
    if let Ok(text) = syn::parse2::<LitStr>(value.clone()) {
        return Some(text.value());
    }
    let atom = |input: ParseStream<'_>| {
        input.parse::<Option<Token![:]>>()?;
        input.parse::<Path>()
    };
    let path = atom.parse2(value.clone()).ok()?;
    Some(path.segments.last()?.ident.to_string())
}

fn max_restarts(setting: &Setting) -> syn::Result<MaxRestarts> {
    const EXPECTED: &str = "how many in which time, such as `3 in 5s`";
    let parse = |input: ParseStream<'_>| {
        let count: LitInt = input.parse()?;
        if !input.is_empty() {
            input.parse::<Token![in]>()?;
        }
        Ok((count, input.parse::<TokenStream>()?))
    };
    let (count, period) = parse
        .parse2(setting.value.clone())
        .map_err(|_| setting.expected(EXPECTED))?;
    let key = &setting.key;
    if period.is_empty() {
        return Err(syn::Error::new_spanned(
            &setting.value,
            format!("restarts are counted over a time; write `{key}: {count} in 5s`"),
        ));
    }
    let period_in_ms = time(&period)?;
    if period_in_ms == 0 {
        return Err(syn::Error::new_spanned(
            period,
            format!("in no time nothing is counted; write `{key}: {count} in 5s`"),
        ));
    }
    let is_count = count.suffix().is_empty();
    let count_value = count.base10_parse().ok().filter(|_| is_count);
    Ok(MaxRestarts {
        count: count_value.ok_or_else(|| setting.expected(EXPECTED))?,
        period: period_in_ms,
    })
}

fn back_off(setting: &Setting) -> syn::Result<BackOff> {
    const EXPECTED: &str = "the first delay and the longest, such as `100ms to 10s`";
    let parse = |input: ParseStream<'_>| {
        let first: TokenTree = input.parse()?;
        let to: Ident = input.parse()?;
        let max: TokenStream = input.parse()?;
        if to == "to" && !max.is_empty() {
            Ok((TokenStream::from(first), max))
        } else {
            Err(input.error(""))
        }
    };
    let (first, max) = parse
        .parse2(setting.value.clone())
        .map_err(|_| setting.expected(EXPECTED))?;
    let back_off = BackOff {
        first: time(&first)?,
        max: time(&max)?,
    };
    if back_off.first > back_off.max {
        let key = &setting.key;
        return Err(syn::Error::new_spanned(
            &setting.value,
            format!("the longest delay comes last; write `{key}: {max} to {first}`"),
        ));
    }
    Ok(back_off)
}

/// Elixir counts in milliseconds, and needs no unit.
fn shutdown(setting: &Setting) -> syn::Result<Shutdown> {
    match syn::parse2::<LitInt>(setting.value.clone()) {
        Ok(time) if time.suffix().is_empty() => Err(syn::Error::new_spanned(
            &time,
            format!("a time has a unit; write `{time}ms`"),
        )),
        Ok(_) => time(&setting.value).map(Shutdown::Milliseconds),
        Err(_) => options::shutdown(setting),
    }
}

/// A time in milliseconds.
fn time(tokens: &TokenStream) -> syn::Result<u64> {
    const EXPECTED: &str = "this is no time; write one such as `10s` or `500ms`";
    let no_time = || syn::Error::new_spanned(tokens, EXPECTED);
    let time: LitInt = syn::parse2(tokens.clone()).map_err(|_| no_time())?;
    duration::milliseconds(&time).ok_or_else(|| match duration::rewritten(&time) {
        Some(seconds) => syn::Error::new_spanned(
            &time,
            format!("a time is in seconds or milliseconds; write `{seconds}`"),
        ),
        None => no_time(),
    })
}
