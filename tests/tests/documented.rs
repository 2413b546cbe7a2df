//! What is public in otp-core is documented as the style of its documentation wants it: an example that asserts, cancel
//! safety of all that waits, errors and panics, in one order. Read from the sources, so re-exports are followed by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, FnArg, ImplItem, Item, Lit, Meta, ReturnType, Signature, Type, UseTree,
};

/// The sections of a documentation, in their order.
const SECTIONS: [&str; 4] = ["Errors", "Panics", "Cancel safety", "Examples"];

/// What needs no example, and why.
const WITHOUT_EXAMPLE: [(&str, &str); 1] =
    [("differences", "a page of text, without an item in it")];

/// How much there is at least: less, and this test does not find what it is to look at.
const AT_LEAST: usize = 380;

#[test]
fn every_public_item_has_an_example_that_asserts_and_says_what_may_happen() {
    let mut krate = Crate::default();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("../otp-core/src");
    krate.read(&src.join("lib.rs"), &src, Vec::new(), &mut Vec::new());
    let mut checked = Checked::default();
    checked.module(&krate, &[]);
    checked.macros(&krate);
    assert!(
        checked.items >= AT_LEAST,
        "only {} items were found",
        checked.items
    );
    for (path, why) in WITHOUT_EXAMPLE {
        assert!(
            checked.excused.contains(path),
            "`{path}` is excused ({why}) and need not be"
        );
    }
    assert!(
        checked.lacks.is_empty(),
        "of {} public items, {} lack something:\n{}",
        checked.items,
        checked.lacks.len(),
        checked.lacks.join("\n")
    );
}

/// A module by its path below the crate's root.
type ModPath = Vec<String>;

#[derive(Default)]
struct Crate {
    modules: BTreeMap<ModPath, Module>,
}

#[derive(Default)]
struct Module {
    attrs: Vec<Attribute>,
    items: Vec<Item>,
}

impl Crate {
    /// Reads a file as a module, and those below it. `dir` is where theirs lie, `outer` the attributes of its `mod`.
    fn read(&mut self, file: &Path, dir: &Path, path: ModPath, outer: &mut Vec<Attribute>) {
        let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        let mut attrs = std::mem::take(outer);
        attrs.extend(parsed.attrs);
        let items: Vec<Item> = parsed.items.into_iter().flat_map(unwrapped).collect();
        for item in &items {
            let Item::Mod(module) = item else { continue };
            let name = module.ident.to_string();
            let mut below = path.clone();
            below.push(name.clone());
            let mut attrs = module.attrs.clone();
            match &module.content {
                Some((_, items)) => {
                    let items = items.clone();
                    self.modules.insert(below, Module { attrs, items });
                }
                None => {
                    let own = own_path(&module.attrs).unwrap_or_else(|| format!("{name}.rs"));
                    let flat = dir.join(own);
                    let file = if flat.exists() {
                        flat
                    } else {
                        dir.join(&name).join("mod.rs")
                    };
                    self.read(&file, &dir.join(&name), below, &mut attrs);
                }
            }
        }
        self.modules.insert(path, Module { attrs, items });
    }

    /// The module that `path`, written in the module `from`, is of; None if it is not of this crate.
    fn resolve(&self, from: &[String], path: &[String]) -> Option<ModPath> {
        let mut at = from.to_vec();
        for (nth, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => {
                    at.pop();
                }
                name => {
                    at.push(name.to_owned());
                    if nth == 0 && !self.modules.contains_key(&at) {
                        return None;
                    }
                }
            }
        }
        self.modules.contains_key(&at).then_some(at)
    }
}

/// What stands in a `pin_project!` is an item too.
fn unwrapped(item: Item) -> Vec<Item> {
    match item {
        Item::Macro(item) if item.mac.path.is_ident("pin_project") => {
            let file: syn::File = item.mac.parse_body().expect("items in pin_project!");
            file.items
        }
        item => vec![item],
    }
}

fn own_path(attrs: &[Attribute]) -> Option<String> {
    attrs.iter().find_map(|attr| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("path") => text_of(&meta.value),
        _ => None,
    })
}

fn text_of(value: &Expr) -> Option<String> {
    match value {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn is_hidden(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("doc") => list.tokens.to_string() == "hidden",
        _ => false,
    })
}

fn has(attrs: &[Attribute], name: &str) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident(name))
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

/// A documentation in its parts.
struct Docs {
    sections: Vec<String>,
    /// The code blocks, but for those that are no Rust.
    examples: Vec<String>,
}

impl Docs {
    fn of(attrs: &[Attribute]) -> Self {
        let mut docs = Docs {
            sections: Vec::new(),
            examples: Vec::new(),
        };
        let mut block: Option<(bool, String)> = None;
        let texts = attrs.iter().filter_map(|attr| match &attr.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => text_of(&meta.value),
            _ => None,
        });
        let texts: Vec<String> = texts.collect();
        for line in texts.iter().flat_map(|text| text.lines()).map(str::trim) {
            match (&mut block, line.strip_prefix("```")) {
                (None, Some(language)) => block = Some((language != "text", language.to_owned())),
                (None, None) => {
                    docs.sections
                        .extend(line.strip_prefix("# ").map(str::to_owned));
                }
                (Some(_), Some(_)) => {
                    let ended = block.take().filter(|(is_rust, _)| *is_rust);
                    docs.examples.extend(ended.map(|(_, code)| code));
                }
                (Some((_, code)), None) => {
                    code.push('\n');
                    code.push_str(line);
                }
            }
        }
        docs
    }

    fn asserts(&self) -> bool {
        let words = [
            "assert",
            "refute",
            "matches!",
            "compile_fail",
            "should_panic",
        ];
        self.examples
            .iter()
            .any(|code| words.iter().any(|word| code.contains(word)))
    }

    /// Whether an example asserts, and uses a method of this name.
    fn uses(&self, method: &str) -> bool {
        let call = format!(".{method}(");
        self.asserts() && self.examples.iter().any(|code| code.contains(&call))
    }

    fn has(&self, section: &str) -> bool {
        self.sections.iter().any(|other| other == section)
    }

    /// The sections that are known, if they are not in their order.
    fn disorder(&self) -> Option<String> {
        let places = self.sections.iter();
        let places = places.filter_map(|name| SECTIONS.iter().position(|known| known == name));
        let sorted = places.collect::<Vec<_>>().is_sorted();
        (!sorted).then(|| self.sections.join(", "))
    }
}

#[derive(Default)]
struct Checked {
    items: usize,
    lacks: Vec<String>,
    excused: BTreeSet<String>,
    seen: BTreeSet<(ModPath, String)>,
}

impl Checked {
    /// Checks what is public in a public module.
    fn module(&mut self, krate: &Crate, path: &[String]) {
        if !self.seen.insert((path.to_vec(), String::new())) {
            return;
        }
        let module = &krate.modules[path];
        if is_hidden(&module.attrs) {
            return;
        }
        self.item(&path.join("::"), &module.attrs);
        for item in &module.items {
            match item {
                Item::Use(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                    self.reexports(krate, path, &item.tree, &mut Vec::new());
                }
                _ => self.named(krate, path, item, None),
            }
        }
    }

    /// Follows a `pub use`.
    fn reexports(&mut self, krate: &Crate, at: &[String], tree: &UseTree, path: &mut ModPath) {
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.reexports(krate, at, &tree.tree, path);
                path.pop();
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.reexports(krate, at, tree, path);
                }
            }
            UseTree::Name(name) => self.reexported(krate, at, path, &name.ident.to_string()),
            UseTree::Rename(name) => self.reexported(krate, at, path, &name.ident.to_string()),
            UseTree::Glob(_) => panic!("a public glob in {}", at.join("::")),
        }
    }

    fn reexported(&mut self, krate: &Crate, at: &[String], path: &[String], name: &str) {
        let Some(home) = krate.resolve(at, path) else {
            return;
        };
        for item in &krate.modules[&home].items {
            match item {
                Item::Use(item) => {
                    if let Some(path) = path_of(&item.tree, name) {
                        self.reexported(krate, &home, &path, name);
                    }
                }
                _ => self.named(krate, &home, item, Some(name)),
            }
        }
    }

    /// Checks an item that is public, if it is called so.
    fn named(&mut self, krate: &Crate, at: &[String], item: &Item, wanted: Option<&str>) {
        let (attrs, visibility, ident) = match item {
            Item::Const(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Enum(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Fn(item) => (&item.attrs, &item.vis, &item.sig.ident),
            Item::Mod(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Struct(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Trait(item) => (&item.attrs, &item.vis, &item.ident),
            Item::Type(item) => (&item.attrs, &item.vis, &item.ident),
            _ => return,
        };
        let name = ident.to_string();
        let is_wanted = wanted.is_none_or(|wanted| wanted == name);
        if !is_wanted || !is_public(visibility) || is_hidden(attrs) {
            return;
        }
        if let Item::Mod(_) = item {
            let below: ModPath = at.iter().cloned().chain([name]).collect();
            return self.module(krate, &below);
        }
        if !self.seen.insert((at.to_vec(), name.clone())) {
            return;
        }
        let path = [at.join("::"), name.clone()].join("::");
        match item {
            Item::Fn(item) => self.function(&path, attrs, &item.sig, None),
            Item::Trait(item) => {
                self.item(&path, attrs);
                for item in &item.items {
                    let syn::TraitItem::Fn(item) = item else {
                        continue;
                    };
                    if !is_hidden(&item.attrs) {
                        let path = format!("{path}::{}", item.sig.ident);
                        self.function(&path, &item.attrs, &item.sig, None);
                    }
                }
            }
            Item::Struct(_) | Item::Enum(_) => {
                self.item(&path, attrs);
                self.of_type(krate, &path, &name, attrs);
            }
            _ => self.item(&path, attrs),
        }
    }

    /// Checks the methods of a type, and what it says of itself if it is a future.
    fn of_type(&mut self, krate: &Crate, path: &str, name: &str, attrs: &[Attribute]) {
        let docs = Docs::of(attrs);
        let items = krate.modules.values().flat_map(|module| &module.items);
        let impls = items.filter_map(|item| match item {
            Item::Impl(item) if last_of(&item.self_ty).as_deref() == Some(name) => Some(item),
            _ => None,
        });
        for item in impls {
            if let Some((trait_, _)) = &item.trait_ {
                let of = trait_
                    .segments
                    .last()
                    .map(|segment| segment.ident.to_string());
                if matches!(of.as_deref(), Some("Future" | "IntoFuture")) {
                    self.require(path, &docs, "Cancel safety", "is a future");
                    if item.items.iter().any(gives_result) {
                        self.require(path, &docs, "Errors", "is a future of a `Result`");
                    }
                }
                continue;
            }
            for item in &item.items {
                match item {
                    ImplItem::Fn(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                        let path = format!("{path}::{}", item.sig.ident);
                        self.function(&path, &item.attrs, &item.sig, Some(&docs));
                    }
                    ImplItem::Const(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                        self.item(&format!("{path}::{}", item.ident), &item.attrs);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Checks a function. A method that only sets something may share the example of its type, `of`.
    fn function(&mut self, path: &str, attrs: &[Attribute], sig: &Signature, of: Option<&Docs>) {
        let docs = Docs::of(attrs);
        let shares = of.is_some_and(|of| is_setter(sig) && of.uses(&sig.ident.to_string()));
        self.checked(path, &docs, shares);
        let future = future_of(sig);
        if sig.asyncness.is_some() || future.is_some() {
            self.require(path, &docs, "Cancel safety", "waits");
        }
        let result = match (&sig.output, future) {
            (_, Some(gives_result)) => gives_result,
            (ReturnType::Type(_, output), None) => last_of(output).as_deref() == Some("Result"),
            (ReturnType::Default, None) => false,
        };
        if result {
            self.require(path, &docs, "Errors", "gives a `Result`");
        }
        if has(attrs, "track_caller") {
            self.require(path, &docs, "Panics", "is `#[track_caller]`");
        }
    }

    fn macros(&mut self, krate: &Crate) {
        for item in krate.modules.values().flat_map(|module| &module.items) {
            let Item::Macro(item) = item else { continue };
            if has(&item.attrs, "macro_export") && !is_hidden(&item.attrs) {
                let name = item.ident.as_ref().expect("a macro has a name");
                self.item(&format!("{name}!"), &item.attrs);
            }
        }
    }

    fn item(&mut self, path: &str, attrs: &[Attribute]) {
        self.checked(path, &Docs::of(attrs), false);
    }

    fn checked(&mut self, path: &str, docs: &Docs, shares: bool) {
        self.items += 1;
        if !docs.asserts() && !shares {
            if WITHOUT_EXAMPLE.iter().any(|(excused, _)| *excused == path) {
                self.excused.insert(path.to_owned());
            } else {
                self.lacks
                    .push(format!("{path}: no example that asserts something"));
            }
        }
        if let Some(order) = docs.disorder() {
            self.lacks.push(format!("{path}: the order of {order}"));
        }
    }

    fn require(&mut self, path: &str, docs: &Docs, section: &str, why: &str) {
        if !docs.has(section) {
            self.lacks
                .push(format!("{path}: no `# {section}`, and it {why}"));
        }
    }
}

/// The path that a `use` brings a name from.
fn path_of(tree: &UseTree, wanted: &str) -> Option<ModPath> {
    match tree {
        UseTree::Path(tree) => {
            let mut path = path_of(&tree.tree, wanted)?;
            path.insert(0, tree.ident.to_string());
            Some(path)
        }
        UseTree::Group(group) => group.items.iter().find_map(|tree| path_of(tree, wanted)),
        UseTree::Name(name) => (name.ident == wanted).then(Vec::new),
        UseTree::Rename(_) | UseTree::Glob(_) => None,
    }
}

/// The last segment of a type that is a path.
fn last_of(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(ty) => ty
            .path
            .segments
            .last()
            .map(|segment| segment.ident.to_string()),
        _ => None,
    }
}

/// Whether a method takes itself and gives itself.
fn is_setter(sig: &Signature) -> bool {
    let takes = matches!(sig.inputs.first(), Some(FnArg::Receiver(this)) if matches!(this.kind, syn::ReceiverKind::Value));
    takes
        && matches!(&sig.output, ReturnType::Type(_, ty) if last_of(ty).as_deref() == Some("Self"))
}

/// Whether an `impl Future` has a `Result` as its output.
fn gives_result(item: &ImplItem) -> bool {
    matches!(item, ImplItem::Type(item) if item.ident == "Output" && last_of(&item.ty).as_deref() == Some("Result"))
}

/// Whether a future that a function gives, if it does, is one of a `Result`.
fn future_of(sig: &Signature) -> Option<bool> {
    struct Futures(Option<bool>);

    impl<'a> Visit<'a> for Futures {
        fn visit_trait_bound(&mut self, bound: &'a syn::TraitBound) {
            let Some(last) = bound.path.segments.last() else {
                return;
            };
            if last.ident == "Future" {
                let mut result = false;
                if let syn::PathArguments::AngleBracketed(of) = &last.arguments {
                    result = of.args.iter().any(|of| {
                        matches!(of, syn::GenericArgument::AssocType(of) if last_of(&of.ty).as_deref() == Some("Result"))
                    });
                }
                self.0 = Some(self.0.unwrap_or(false) || result);
            }
            visit::visit_trait_bound(self, bound);
        }
    }

    let mut futures = Futures(None);
    futures.visit_return_type(&sig.output);
    futures.0
}
