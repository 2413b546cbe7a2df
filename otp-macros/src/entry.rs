//! `#[otp_core::main]` and `#[otp_core::test]`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, LitInt, LitStr, Signature, Visibility};

use crate::attr::{Setting, Settings};
use crate::errors::Errors;
use crate::runtime::Runtime;
use crate::symbol;

/// Which of the two attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    Main,
    Test,
}

/// A function whose body stays tokens: its spans are the user's.
struct Function {
    attrs: Vec<Attribute>,
    vis: Visibility,
    sig: Signature,
    body: TokenTree,
}

enum Flavor {
    Default,
    CurrentThread,
    MultiThread,
}

const FLAVORS: &str = "`\"current_thread\"` or `\"multi_thread\"`";

/// What a test's options allow, and under how many schedules it runs.
struct TestOptions {
    leaks_allowed: bool,
    crashes_allowed: bool,
    schedules: Option<LitInt>,
}

/// What the attribute above `item` becomes.
pub(crate) fn expand(entry: Entry, arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut function: Function = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return not_a_function(entry, &item),
    };
    let mut errors = Errors::default();
    let settings = Settings::parse(arguments, entry.options(), &mut errors);
    let path = settings.crate_path(&mut errors);
    let rt = Runtime::new(path.as_ref());
    let flavor = flavor(&settings, &mut errors);
    let options = options(&flavor, &settings, &mut errors).expand(&rt);
    let flavor = flavor.expand(&rt, &settings, &mut errors);
    check(entry, &function, &mut errors);
    match (errors.finish(), entry) {
        (Ok(()), Entry::Main) => function.expand_main(&rt, &flavor),
        (Ok(()), Entry::Test) => function.expand_test(&rt, &flavor, &options),
        (Err(error), Entry::Main) => {
            let error = error.into_compile_error();
            let expanded = function.expand_main(&rt, &flavor);
            quote!(#error #expanded)
        }
        (Err(error), Entry::Test) => {
            let error = error.into_compile_error();
            function.attrs.retain(|attr| !attr.path().is_ident("test"));
            quote!(#error #[allow(dead_code)] #function)
        }
    }
}

fn not_a_function(entry: Entry, item: &TokenStream) -> TokenStream {
    let first = item.clone().into_iter().next();
    let message = format!(
        "`{}` belongs above a function; write `async fn {}() {{ … }}`",
        entry.attribute(),
        entry.name()
    );
    let error = syn::Error::new_spanned(first, message).into_compile_error();
    quote!(#error #item)
}

impl Entry {
    const fn attribute(self) -> &'static str {
        match self {
            Entry::Main => "#[otp_core::main]",
            Entry::Test => "#[otp_core::test]",
        }
    }

    const fn options(self) -> &'static [&'static str] {
        match self {
            Entry::Main => &symbol::MAIN_OPTIONS,
            Entry::Test => &symbol::TEST_OPTIONS,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Entry::Main => "main",
            Entry::Test => "name",
        }
    }
}

fn flavor(settings: &Settings, errors: &mut Errors) -> Flavor {
    let read = |setting: &Setting| match setting.read::<LitStr>(FLAVORS)?.value().as_str() {
        "current_thread" => Ok(Flavor::CurrentThread),
        "multi_thread" => Ok(Flavor::MultiThread),
        _ => Err(setting.expected(FLAVORS)),
    };
    settings
        .get(symbol::FLAVOR, errors, read)
        .unwrap_or(Flavor::Default)
}

impl Flavor {
    /// `Flavor::MultiThread(Some(4))`
    fn expand(&self, rt: &Runtime, settings: &Settings, errors: &mut Errors) -> TokenStream {
        let read = |setting: &Setting| match (self, setting.read::<LitInt>(THREADS)?) {
            (Flavor::CurrentThread, _) => Err(syn::Error::new_spanned(
                &setting.key,
                "`worker_threads` needs several threads; write `flavor = \"multi_thread\"`",
            )),
            (_, threads)
                if threads
                    .base10_parse::<usize>()
                    .is_ok_and(|threads| threads > 0) =>
            {
                Ok(threads.base10_digits().parse::<TokenStream>()?)
            }
            _ => Err(setting.expected(THREADS)),
        };
        let threads = settings.get(symbol::WORKER_THREADS, errors, read);
        match (self, threads) {
            (_, Some(threads)) => quote!(#rt::Flavor::MultiThread(#rt::Option::Some(#threads))),
            (Flavor::Default, None) => quote!(#rt::Flavor::Default),
            (Flavor::CurrentThread, None) => quote!(#rt::Flavor::CurrentThread),
            (Flavor::MultiThread, None) => quote!(#rt::Flavor::MultiThread(#rt::Option::None)),
        }
    }
}

const THREADS: &str = "a number of threads, such as `4`";

fn options(flavor: &Flavor, settings: &Settings, errors: &mut Errors) -> TestOptions {
    let mut is_allowed = |key| {
        let read = |setting: &Setting| match setting.read::<Ident>(ALLOWED)? {
            allowed if allowed == symbol::ALLOWED => Ok(true),
            _ => Err(setting.expected(ALLOWED)),
        };
        settings.get(key, errors, read).unwrap_or(false)
    };
    let (leaks_allowed, crashes_allowed) = (is_allowed(symbol::LEAKS), is_allowed(symbol::CRASHES));
    let several_threads =
        matches!(flavor, Flavor::MultiThread) || settings.has(symbol::WORKER_THREADS);
    let read = |setting: &Setting| {
        if several_threads {
            let message = "`shuffled` needs one thread; remove what asks for several";
            return Err(syn::Error::new_spanned(&setting.key, message));
        }
        if setting.is_flag() {
            return Ok(LitInt::new("1", setting.key.span()));
        }
        let schedules: LitInt = setting.read(SCHEDULES)?;
        match schedules.base10_parse::<u32>() {
            Ok(1..) => Ok(LitInt::new(schedules.base10_digits(), schedules.span())),
            _ => Err(setting.expected(SCHEDULES)),
        }
    };
    TestOptions {
        leaks_allowed,
        crashes_allowed,
        schedules: settings.get(symbol::SHUFFLED, errors, read),
    }
}

const ALLOWED: &str = "`allowed`, or leave it out";
const SCHEDULES: &str = "a number of schedules, such as `200`";

impl TestOptions {
    /// `TestOptions::DEFAULT.leaks_allowed().shuffled(200)`
    fn expand(&self, rt: &Runtime) -> TokenStream {
        let leaks = self.leaks_allowed.then(|| quote!(.leaks_allowed()));
        let crashes = self.crashes_allowed.then(|| quote!(.crashes_allowed()));
        let shuffled = self
            .schedules
            .as_ref()
            .map(|schedules| quote!(.shuffled(#schedules)));
        quote!(#rt::TestOptions::DEFAULT #leaks #crashes #shuffled)
    }
}

fn check(entry: Entry, function: &Function, errors: &mut Errors) {
    let Signature {
        asyncness,
        fn_token,
        generics,
        inputs,
        ..
    } = &function.sig;
    if asyncness.is_none() {
        errors.push(
            fn_token,
            format!(
                "`{}` runs an async function; write `async fn`",
                entry.attribute()
            ),
        );
    }
    if !inputs.is_empty() {
        errors.push(
            inputs,
            format!(
                "nothing calls `{}` with arguments; remove them",
                function.sig.ident
            ),
        );
    }
    if !generics.params.is_empty() {
        errors.push(
            generics,
            format!(
                "nothing tells `{}` its parameters; remove them",
                function.sig.ident
            ),
        );
    }
    if entry == Entry::Test {
        for attr in function
            .attrs
            .iter()
            .filter(|attr| attr.path().is_ident("test"))
        {
            errors.push(attr, "`#[otp_core::test]` makes the test; remove `#[test]`");
        }
        if !cfg!(any(test, feature = "test-util")) {
            errors.push(
                &function.sig.ident,
                "`#[otp_core::test]` needs otp-core's feature `test-util`; add it in Cargo.toml",
            );
        }
    }
}

impl Function {
    /// `fn main() -> T { async fn main() -> T { … } run_main(Flavor::Default, main()) }`
    fn expand_main(&self, rt: &Runtime, flavor: &TokenStream) -> TokenStream {
        let attrs = &self.attrs;
        let name = &self.sig.ident;
        let around = self.around(&quote!(#rt::run_main(#flavor, #name())));
        quote!(#(#attrs)* #around)
    }

    /// `#[test] fn name() -> T { async fn name() -> T { … } run_test(…, name, |value| …) }`
    fn expand_test(
        &self,
        rt: &Runtime,
        flavor: &TokenStream,
        options: &TokenStream,
    ) -> TokenStream {
        let attrs = &self.attrs;
        let name = &self.sig.ident;
        let around = self.around(&quote! {
            #rt::run_test(#flavor, #options, #name, |value| {
                #[allow(unused_imports)]
                use #rt::Succeeds as _;
                #rt::Verdict(value).is_failure()
            })
        });
        quote!(#(#attrs)* #[#rt::core::prelude::v1::test] #around)
    }

    /// The function that is not async, around the one that is and `run`.
    ///
    /// The async function inside is the user's: its errors are those of any async function.
    fn around(&self, run: &TokenStream) -> TokenStream {
        let Function { vis, sig, body, .. } = self;
        let mut sync = sig.clone();
        sync.asyncness = None;
        sync.inputs.clear();
        sync.generics = syn::Generics::default();
        let asynchronous = Signature {
            asyncness: Some(sig.asyncness.unwrap_or_default()),
            ..sync.clone()
        };
        quote! {
            #vis #sync {
                #[allow(clippy::unused_async)]
                #asynchronous #body
                #run
            }
        }
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Function {
            attrs: Attribute::parse_outer(input)?,
            vis: input.parse()?,
            sig: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Function {
            attrs,
            vis,
            sig,
            body,
        } = self;
        tokens.extend(quote!(#(#attrs)* #vis #sig #body));
    }
}
