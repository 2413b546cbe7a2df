//! `impl GenServer`: one exhaustive match over the messages, and the callbacks.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;

use super::message;
use crate::gen_server::model::{Handler, Message, Role, Server, last_argument};
use crate::names::local;
use crate::place;
use crate::symbol::Kind;

/// `impl GenServer for Counter { … }`
pub(super) fn implementation(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let configured = place::at(
        server.names.server.span(),
        quote!(<Self as #rt::Configured>),
    );
    let trait_ = place::at(server.names.server.span(), quote!(#rt::GenServer));
    let generics = server.bounded_generics();
    let (generics, _, where_clause) = generics.split_for_impl();
    let server_type = &server.names.server_type;
    let arguments = server.arguments_type();
    let message = server.message_type();
    let (of, message_name) = (local("message"), message::name_function());
    let name_of_message = as_if_written(
        server.names.server.span(),
        &quote!(message_name(#of: &Self::Message)),
        quote!(&'static str),
        &quote!(#message_name(#of)),
    );
    let init = server.inits.iter().map(|handler| init(server, handler));
    let handle_message = handle_message(server);
    let callbacks = server
        .callbacks
        .iter()
        .map(|handler| callback(server, handler));
    quote! {
        #[automatically_derived]
        #[allow(deprecated)]
        impl #generics #trait_ for #server_type #where_clause {
            type Args = #arguments;
            type Message = #message;
            const OPTIONS: #rt::ServerOptions = #configured::OPTIONS;
            #(#init)*
            #handle_message
            #(#callbacks)*
            #name_of_message
        }
    }
}

/// `fn init(arguments: CounterArguments, cx: &mut Context<Self>) -> impl Future<…> + Send { … }`
fn init(server: &Server<'_>, handler: &Handler<'_>) -> TokenStream {
    let rt = &server.runtime;
    let [arguments, cx] = ["arguments", "cx"].map(local);
    let places = (0..).map(syn::Index::from);
    let data: Vec<TokenStream> = handler
        .data()
        .zip(places)
        .map(|(_, place)| quote!(#arguments.#place))
        .collect();
    let call = call(handler, &data);
    let result = match &handler.output {
        Some(output) if output.is_result => {
            let error = last_argument(output.written)
                .unwrap_or(output.written)
                .span();
            let into = place::at(error, quote!(#rt::core::convert::Into::into));
            let map_err = place::at(error, quote!(#rt::Result::map_err));
            quote_spanned!(Span::call_site().located_at(error)=> #map_err(#call, #into))
        }
        _ => quote!(#rt::Result::Ok(#call)),
    };
    let name = local("init");
    let params = quote!(#arguments: Self::Args, #cx: &mut #rt::Context<Self>);
    let output = quote!(#rt::Result<Self, #rt::InitError>);
    // Always async: a ready future would hold the server, and tell once more that it is not `Send`.
    let place = if handler.is_async() {
        handler.name()
    } else {
        &server.names.server
    };
    future(server, &name, &params, &output, &result, Some(place.span()))
}

/// `fn handle_message(&mut self, message: CounterMessage, cx: &mut Context<Self>) -> impl Future<…> + Send { … }`
fn handle_message(server: &Server<'_>) -> TokenStream {
    let rt = &server.runtime;
    let [message, cx, never] = ["message", "cx", "never"].map(local);
    let name = &server.names.message;
    let arms = server
        .messages
        .iter()
        .map(|message| arm(server, message, |data| call(&message.handler, data)));
    let unused = message::unused(server).map(|unused| {
        let variant = unused.variant;
        quote!(#name::#variant(_, #never) => match #never {},)
    });
    let part = local("part");
    let parts = server.protocols.iter().map(|protocol| {
        let (variant, of) = (&protocol.variant, &protocol.message);
        quote!(#name::#variant(#part) => { <Self as #rt::Serves<#of>>::handle_part(self, #part, #cx).await; })
    });
    let body = quote!(match #message { #(#arms)* #(#parts)* #unused });
    let params = quote!(&mut self, #message: Self::Message, #cx: &mut #rt::Context<Self>);
    let handlers = server.messages.iter().map(|message| &message.handler);
    let waiting = handlers.filter(|handler| handler.is_async());
    let waiting = waiting.map(Handler::name);
    let mut waiting = waiting.chain(server.protocols.iter().map(|protocol| &protocol.variant));
    let place = waiting.next().map(|first| match waiting.next() {
        None => first.span(),
        Some(_) => server.names.server.span(),
    });
    future(
        server,
        &local("handle_message"),
        &params,
        &quote!(()),
        &body,
        place,
    )
}

/// `fn init(…) -> impl Future<Output = …> + Send { … }`, which waits if `awaits` says where to tell that it cannot.
///
/// Where nothing waits there is no state machine to compile, and nothing in it has to be `Send`.
fn future(
    server: &Server<'_>,
    name: &Ident,
    params: &TokenStream,
    output: &TokenStream,
    body: &TokenStream,
    awaits: Option<Span>,
) -> TokenStream {
    let rt = &server.runtime;
    let at = awaits.unwrap_or_else(|| server.names.server.span());
    let future = quote!(impl #rt::core::future::Future<Output = #output> + #rt::core::marker::Send);
    let body = match awaits {
        Some(_) => quote!(async move { #body }),
        None => quote!(#rt::core::future::ready(#body)),
    };
    let function = as_if_written(at, &quote!(#name(#params)), future, &body);
    quote! {
        #[allow(unreachable_code, unused_variables, clippy::manual_async_fn)]
        #function
    }
}

/// `fn init(…) -> …`, at `place` as if the user had written it: what it is told of then is told once, whichever function
/// of the impl asks for it.
fn as_if_written(
    place: Span,
    signature: &TokenStream,
    output: TokenStream,
    body: &TokenStream,
) -> TokenStream {
    let function = quote_spanned!(place=> fn);
    let output = place::as_if_written(place, output);
    let body = quote_spanned!(place=> { #body });
    quote!(#function #signature -> #output #body)
}

/// `CounterMessage::Add { by, reply_to } => { let answer = Self::add(self, by); Context::reply(cx, reply_to, answer); }`,
/// where `call` calls the handler with the message's fields.
pub(crate) fn arm(
    server: &Server<'_>,
    message: &Message<'_>,
    call: impl FnOnce(&[Ident]) -> TokenStream,
) -> TokenStream {
    let rt = &server.runtime;
    let name = &server.names.message;
    let Message {
        handler,
        variant,
        reply_to,
    } = message;
    let cfgs = handler.cfgs();
    let [cx, answer, reply_local] = ["cx", "answer", "reply_to"].map(local);
    let data: Vec<Ident> = handler
        .data()
        .enumerate()
        .map(|(place, _)| local(&format!("data{place}")))
        .collect();
    let fields = handler.data().zip(&data).map(|(param, local)| {
        let field = &param.field;
        quote!(#field: #local,)
    });
    let reply_field = (handler.kind == Kind::Call).then(|| quote!(#reply_to: #reply_local,));
    let call = call(&data);
    let body = if handler.kind == Kind::Call && handler.reply_to().is_none() {
        quote!(let #answer = #call; #rt::Context::reply(#cx, #reply_local, #answer);)
    } else {
        quote!(#call;)
    };
    quote!(#(#cfgs)* #name::#variant { #(#fields)* #reply_field } => { #body })
}

/// `fn handle_down(&mut self, down: Down, cx: &mut Context<Self>) -> impl Future<…> + Send { … }`
fn callback(server: &Server<'_>, handler: &Handler<'_>) -> TokenStream {
    let rt = &server.runtime;
    let cfgs = handler.cfgs();
    let [cx, data] = ["cx", "data"].map(local);
    let call = call(handler, &[&data]);
    let name = local(handler.kind.name());
    let data_type = match handler.kind {
        Kind::Down => Some(quote!(#rt::Down)),
        Kind::Exit => Some(quote!(#rt::Exit)),
        Kind::Terminate => Some(quote!(&#rt::ExitReason)),
        Kind::FormatStatus => {
            let function = as_if_written(
                server.names.server.span(),
                &quote!(#name(&self)),
                quote!(#rt::std::string::String),
                &call,
            );
            return quote!(#(#cfgs)* #function);
        }
        _ => None,
    };
    let data = data_type.map(|ty| quote!(#data: #ty,));
    let params = quote!(&mut self, #data #cx: &mut #rt::Context<Self>);
    let callback = future(
        server,
        &name,
        &params,
        &quote!(()),
        &call,
        handler.is_async().then(|| handler.name().span()),
    );
    quote!(#(#cfgs)* #callback)
}

/// `Self::add(self, by, cx).await`, with `data` for the message's fields.
///
/// What does not fit is told at the user's types.
fn call(handler: &Handler<'_>, data: &[impl ToTokens]) -> TokenStream {
    let name = handler.name();
    let receiver = handler.method.sig.receiver().map(|_| quote!(self,));
    let arguments = arguments(handler, data);
    let dot_await = handler.is_async().then(|| quote!(.await));
    let output = handler
        .output
        .as_ref()
        .map_or_else(Span::call_site, |output| output.written.span());
    quote_spanned!(Span::call_site().located_at(output)=> Self::#name(#receiver #(#arguments),*) #dot_await)
}

/// What a handler is called with, each at the user's type: the message's fields, the context, the place for the answer.
pub(crate) fn arguments(handler: &Handler<'_>, data: &[impl ToTokens]) -> Vec<TokenStream> {
    let mut data = data.iter().map(ToTokens::to_token_stream);
    let arguments = handler.params.iter().map(|param| {
        let argument = match param.role {
            Role::Data => data.next().unwrap_or_default(),
            Role::Context => local("cx").into_token_stream(),
            Role::ReplyTo(_) => local("reply_to").into_token_stream(),
        };
        place::at(param.written.span(), argument)
    });
    arguments.collect()
}
