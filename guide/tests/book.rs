//! The book is whole: it builds, each page is listed and run, no link is dead, and what its tables claim is so.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;
use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

/// What a page consists of, as far as the tests look at it.
#[derive(Debug, Default)]
struct Page {
    headings: Vec<String>,
    links: Vec<String>,
    /// Code in running text and in tables.
    spans: Vec<String>,
    /// Each with its info string.
    blocks: Vec<(String, String)>,
    /// Each as its cells, and each cell as its text, its code spans and its links.
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, Default)]
struct Cell {
    text: String,
    spans: Vec<String>,
    links: Vec<String>,
}

impl Page {
    fn parse(text: &str) -> Self {
        let mut page = Page::default();
        let (mut heading, mut block) = (None::<String>, None::<(String, String)>);
        let (mut row, mut cell) = (Vec::new(), None::<Cell>);
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.headings.extend(heading.take()),
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    block = Some((info.to_string(), String::new()));
                }
                Event::End(TagEnd::CodeBlock) => page.blocks.extend(block.take()),
                Event::Start(Tag::TableCell) => cell = Some(Cell::default()),
                Event::End(TagEnd::TableCell) => row.extend(cell.take()),
                Event::End(TagEnd::TableRow) => page.rows.push(std::mem::take(&mut row)),
                Event::End(TagEnd::TableHead) => row.clear(),
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.to_string());
                    if let Some(cell) = &mut cell {
                        cell.links.push(dest_url.to_string());
                    }
                }
                Event::Text(text) => {
                    for open in [heading.as_mut(), block.as_mut().map(|block| &mut block.1)] {
                        open.into_iter().for_each(|open| open.push_str(&text));
                    }
                    cell.iter_mut().for_each(|cell| cell.text.push_str(&text));
                }
                Event::Code(code) => {
                    page.spans.push(code.to_string());
                    heading.iter_mut().for_each(|open| open.push_str(&code));
                    if let Some(cell) = &mut cell {
                        cell.text.push_str(&code);
                        cell.spans.push(code.to_string());
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// Where links into it can lead: mdBook's ids of its headings.
    fn anchors(&self) -> BTreeSet<String> {
        let mut seen = BTreeMap::new();
        let ids = self.headings.iter().map(|heading| {
            let lower = heading.to_lowercase();
            let id: String = lower
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect();
            let before: &mut u32 = seen.entry(id.clone()).or_default();
            *before += 1;
            match *before {
                1 => id,
                again => format!("{id}-{}", again - 1),
            }
        });
        ids.collect()
    }
}

fn guide() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn workspace() -> &'static Path {
    guide().parent().expect("the guide is a member")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All pages, by the name of their file.
fn pages() -> BTreeMap<String, Page> {
    let files = fs::read_dir(guide().join("src")).expect("the pages are in `src`");
    let pages = files.map(|file| {
        let path = file.expect("it can be read").path();
        let name = path.file_name().expect("a file").to_string_lossy();
        (name.into_owned(), Page::parse(&read(&path)))
    });
    pages.collect()
}

/// Everything that is wrong, at once.
fn assert_none(what: &str, wrong: &[String]) {
    assert!(wrong.is_empty(), "{what}:\n  {}", wrong.join("\n  "));
}

#[test]
fn the_book_builds_and_hides_what_is_hidden() {
    let out = tempfile::tempdir().expect("a directory for the book");
    let mut book = MDBook::load(guide()).expect("the book is well formed");
    book.config.build.build_dir = out.path().to_owned();
    book.build().expect("the book builds");
    for page in pages().keys().filter(|page| *page != "SUMMARY.md") {
        let html = read(out.path().join(page).with_extension("html"));
        assert!(html.contains("<main>"), "{page} has no content");
    }
    let html = read(out.path().join("testing.html"));
    let shown = html.lines().filter(|line| !line.contains("boring"));
    let shown: String = shown.flat_map(|line| [line, "\n"]).collect();
    assert!(shown.contains("otp_core::test"), "the attribute is shown");
    assert!(!shown.contains("doc_test"), "how it is run is not");
}

#[test]
fn each_page_is_listed_and_run() {
    let pages = pages();
    let listed: BTreeSet<&str> = pages["SUMMARY.md"]
        .links
        .iter()
        .map(String::as_str)
        .collect();
    let there: BTreeSet<&str> = pages
        .keys()
        .map(String::as_str)
        .filter(|page| *page != "SUMMARY.md")
        .collect();
    assert_eq!(
        listed, there,
        "what SUMMARY.md lists, and the files that are there"
    );

    let lib = read(guide().join("lib.rs"));
    let not_run: Vec<String> = there
        .iter()
        .filter(|page| {
            !lib.contains(&format!(
                "#[cfg(doctest)]\n#[doc = include_str!(\"src/{page}\")]"
            ))
        })
        .map(ToString::to_string)
        .collect();
    assert_none(
        "pages whose programs are not run, as lib.rs does not have them",
        &not_run,
    );
}

#[test]
fn each_link_leads_somewhere() {
    let pages = pages();
    let mut dead = Vec::new();
    for (name, page) in &pages {
        for link in &page.links {
            let leads = match link.split_once("://") {
                Some((scheme, rest)) => {
                    scheme == "https" && rest.split('/').next().is_some_and(is_known_host)
                }
                None => {
                    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
                    let target = if file.is_empty() {
                        Some(page)
                    } else {
                        pages.get(file)
                    };
                    target.is_some_and(|target| {
                        anchor.is_empty() || target.anchors().contains(anchor)
                    })
                }
            };
            if !leads {
                dead.push(format!("{name}: {link}"));
            }
        }
    }
    assert_none("dead links", &dead);
}

/// Well-known documentation: no network is asked whether the page is there.
fn is_known_host(host: &str) -> bool {
    [
        "docs.rs",
        "doc.rust-lang.org",
        "tokio.rs",
        "hexdocs.pm",
        "www.erlang.org",
    ]
    .contains(&host)
}

#[test]
fn each_anchor_is_one_of_the_built_book() {
    let out = tempfile::tempdir().expect("a directory for the book");
    let mut book = MDBook::load(guide()).expect("the book is well formed");
    book.config.build.build_dir = out.path().to_owned();
    book.build().expect("the book builds");
    let mut wrong = Vec::new();
    for (name, page) in pages().iter().filter(|(name, _)| *name != "SUMMARY.md") {
        let html = read(out.path().join(name).with_extension("html"));
        let missing = page
            .anchors()
            .into_iter()
            .filter(|anchor| !html.contains(&format!("id=\"{anchor}\"")));
        wrong.extend(missing.map(|anchor| format!("{name}#{anchor}")));
    }
    assert_none(
        "anchors that these tests expect and mdBook does not make",
        &wrong,
    );
}

#[test]
fn each_file_that_is_named_is_there() {
    let roots = [
        "benches/",
        "examples/",
        "guide/",
        "otp-core/",
        "otp-macros/",
        "tests/",
        "ui-tests/",
    ];
    let mut missing = Vec::new();
    for (name, page) in pages() {
        let files = page
            .spans
            .iter()
            .filter(|span| roots.iter().any(|root| span.starts_with(root)));
        let gone = files.filter(|file| !workspace().join(file).exists());
        missing.extend(gone.map(|file| format!("{name}: {file}")));
    }
    assert_none("files that are not there", &missing);
}

/// Functions and variants that the text names, and that no compiler sees there.
#[test]
fn each_name_of_the_library_is_one() {
    let mut source = String::new();
    read_all(&workspace().join("otp-core/src"), &mut source);
    let functions = ["cx.", "process::", "testing::", "sys::", "otp_core::time::"];
    let enums = [
        "CallError::",
        "CallFailure::",
        "CastOutcome::",
        "Event::",
        "ExitReason::",
        "InitError::",
        "StartError::",
    ];
    let mut unknown = Vec::new();
    for (name, page) in pages() {
        for span in &page.spans {
            for named in functions
                .iter()
                .flat_map(|prefix| names_behind(span, prefix))
            {
                let is_function = ["(", "<"]
                    .iter()
                    .any(|end| source.contains(&format!("fn {named}{end}")));
                let known = is_function || named.starts_with(char::is_uppercase);
                unknown.extend((!known).then(|| format!("{name}: {named} in {span}")));
            }
            for named in enums.iter().flat_map(|prefix| names_behind(span, prefix)) {
                let known = ["(", ",", " {"]
                    .iter()
                    .any(|end| source.contains(&format!("\n    {named}{end}")));
                unknown.extend((!known).then(|| format!("{name}: {named} in {span}")));
            }
        }
    }
    assert_none("names that otp-core does not have", &unknown);
}

fn read_all(folder: &Path, text: &mut String) {
    for file in fs::read_dir(folder).expect("it is a folder") {
        let path = file.expect("it can be read").path();
        if path.is_dir() {
            read_all(&path, text);
        } else {
            text.push_str(&read(&path));
        }
    }
}

/// The names that stand behind a prefix, which itself does not stand behind a letter.
fn names_behind<'a>(span: &'a str, prefix: &str) -> Vec<&'a str> {
    let places = span.match_indices(prefix).filter(|(at, _)| {
        let before = span[..*at].chars().next_back();
        !before.is_some_and(|before| before.is_alphanumeric() || matches!(before, '_' | ':'))
    });
    let names = places.map(|(at, prefix)| {
        let name = &span[at + prefix.len()..];
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
        &name[..end.unwrap_or(name.len())]
    });
    names.filter(|name| !name.is_empty()).collect()
}

#[test]
fn each_block_of_rust_is_compiled() {
    let known = [
        "rust",
        "rust,compile_fail",
        "rust,should_panic",
        "toml",
        "sh",
        "text",
        "elixir",
    ];
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        let awaited = read(guide().join("src").join(&name))
            .matches("<!-- protocols: enable -->\n```rust,ignore")
            .count();
        let ignored = page
            .blocks
            .iter()
            .filter(|(info, _)| info == "rust,ignore")
            .count();
        if ignored != awaited {
            wrong.push(format!(
                "{name}: {ignored} blocks are not run, and {awaited} wait for protocols"
            ));
        }
        let unknown = page
            .blocks
            .iter()
            .filter(|(info, _)| !known.contains(&info.as_str()) && info != "rust,ignore");
        wrong.extend(unknown.map(|(info, code)| format!("{name}: a block is `{info}`: {code}")));
    }
    assert_none("blocks of an unknown kind", &wrong);
}

/// What a block of a page shows as the compiler's message is what the ui tests have recorded, names aside.
#[test]
fn each_message_of_the_compiler_is_one_that_it_gives() {
    let mut recorded = BTreeSet::new();
    for folder in fs::read_dir(workspace().join("ui-tests/fail")).expect("the recorded messages") {
        for file in fs::read_dir(folder.expect("it can be read").path()).expect("a folder") {
            let path: PathBuf = file.expect("it can be read").path();
            if path
                .extension()
                .is_some_and(|extension| extension == "stderr")
            {
                recorded.extend(
                    read(&path)
                        .lines()
                        .filter(|line| line.starts_with("error"))
                        .map(without_names),
                );
            }
        }
    }
    let mut wrong = Vec::new();
    for (name, page) in pages() {
        for pair in page.blocks.windows(2) {
            let [(info, _), (_, shown)] = pair else {
                unreachable!("windows of two")
            };
            if info != "rust,compile_fail" {
                continue;
            }
            let first = shown.lines().next().unwrap_or_default();
            if !first.starts_with("error") || !recorded.contains(&without_names(first)) {
                wrong.push(format!("{name}: {first}"));
            }
        }
    }
    assert_none("messages that no ui test has recorded", &wrong);
}

/// With every second part between backticks left out.
fn without_names(message: &str) -> String {
    message
        .split('`')
        .step_by(2)
        .collect::<Vec<_>>()
        .join("`_`")
}

/// The ratios of the page about performance are those of the benchmarks.
#[test]
fn each_ratio_is_one_that_was_measured() {
    let measured = tables(&read(workspace().join("benches/README.md")), "| | otp |");
    let [one_thread, two_workers] = &measured[..] else {
        panic!("two tables of figures")
    };
    let page = read(guide().join("src/performance.md"));
    let by_hand = &tables(&page, "| | current-thread |")[0];
    let peers = &tables(&page, "| | otp |")[0];
    let mut wrong = Vec::new();
    let mut compare = |row: &str, contender: &str, table: &Table, ratio: &str| {
        let figure = table.get(row).and_then(|row| row.get(contender));
        if !figure.is_some_and(|figure| figure.ends_with(&format!("({ratio})"))) {
            wrong.push(format!(
                "{row} of {contender} is {figure:?}, and not {ratio}"
            ));
        }
    };
    for (row, ratios) in by_hand {
        compare(row, "otp", one_thread, &ratios["current-thread"]);
        compare(row, "otp", two_workers, &ratios["2-workers"]);
    }
    for (row, ratios) in peers {
        for (contender, ratio) in ratios {
            compare(row, contender, one_thread, ratio);
        }
    }
    assert_none("ratios that were not measured", &wrong);
}

/// Rows by their first cell, cells by the head of their column.
type Table = BTreeMap<String, BTreeMap<String, String>>;

/// The tables whose first line begins so.
fn tables(text: &str, first_line: &str) -> Vec<Table> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|');
        inner
            .split('|')
            .map(|cell| cell.trim().to_owned())
            .collect()
    };
    let mut tables = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.find(|line| line.starts_with(first_line)) {
        let heads = cells(line);
        let rows = lines
            .by_ref()
            .skip(1)
            .take_while(|line| line.starts_with('|'))
            .map(|line| {
                let mut row = cells(line).into_iter();
                let name = row.next().unwrap_or_default();
                (name, heads.iter().skip(1).cloned().zip(row).collect())
            });
        tables.push(rows.collect());
    }
    tables
}

#[test]
fn each_construct_leads_to_a_page_or_to_a_later_part() {
    let page = &pages()["elixir_constructs.md"];
    let mut wrong = Vec::new();
    for row in &page.rows {
        let [construct, here, shown] = &row[..] else {
            panic!("three cells: {row:?}")
        };
        if construct.spans.is_empty() {
            wrong.push(format!("no construct: {}", construct.text));
        }
        let later = shown.text.starts_with("a later part: ");
        if !later && (shown.links.is_empty() || here.text.is_empty()) {
            wrong.push(format!("it leads nowhere: {}", construct.text));
        }
    }
    assert_none("rows of the table of constructs", &wrong);
}

/// Compares the table with the two programs, which are beside the repository in some checkouts.
#[test]
fn each_construct_of_the_two_programs_is_in_the_table() {
    let seeds = workspace().join("../shared/seeds");
    let known: BTreeSet<String> = pages()["elixir_constructs.md"]
        .rows
        .iter()
        .flat_map(|row| row[0].spans.iter().cloned())
        .collect();
    let mut missing = BTreeSet::new();
    for program in ["genserver_examples.ex", "concurrency.ex"] {
        let Ok(text) = fs::read_to_string(seeds.join(program)) else {
            eprintln!("skipped: {program} is not beside this repository");
            return;
        };
        let found = constructs(&text);
        assert!(found.len() > 20, "{program} has constructs: {found:?}");
        missing.extend(
            found
                .into_iter()
                .filter(|construct| !is_in(&known, construct)),
        );
    }
    let missing: Vec<String> = missing.into_iter().collect();
    assert_none("constructs that the table does not have", &missing);
}

#[test]
fn each_program_of_the_two_files_is_in_the_table() {
    let seeds = workspace().join("../shared/seeds");
    let rows = &pages()["elixir_constructs.md"].rows;
    let known: BTreeSet<&str> = rows
        .iter()
        .flat_map(|row| row[0].spans.iter().map(String::as_str))
        .collect();
    let mut missing = Vec::new();
    for file in ["genserver_examples.ex", "concurrency.ex"] {
        let Ok(text) = fs::read_to_string(seeds.join(file)) else {
            eprintln!("skipped: {file} is not beside this repository");
            return;
        };
        let programs = programs(&text);
        assert!(programs.len() > 1, "{file} has programs: {programs:?}");
        let unknown = programs.into_iter().filter(|name| !known.contains(name));
        missing.extend(unknown.map(str::to_owned));
    }
    assert_none("programs that the table does not have", &missing);
}

/// The modules that are servers, and the functions of those that are none.
fn programs(text: &str) -> BTreeSet<&str> {
    let mut programs = BTreeSet::new();
    for module in text.split("defmodule ").skip(1) {
        let name = module.split_whitespace().next().unwrap_or_default();
        if module.contains("\n  use ") {
            programs.insert(name);
            continue;
        }
        for line in module.lines() {
            let line = line.trim_start();
            let function = line.strip_prefix("def ").or(line.strip_prefix("defp "));
            programs.extend(function.and_then(|function| function.split('(').next()));
        }
    }
    programs
}

/// A tuple's tag is in the table if a tuple of that tag is, and an option likewise; anything else as it is.
fn is_in(known: &BTreeSet<String>, construct: &str) -> bool {
    known.contains(construct)
        || ((construct.starts_with('{') || construct.ends_with(':'))
            && known.iter().any(|known| known.contains(construct)))
}

/// The callbacks that the behaviours of the two programs have.
const CALLBACKS: [&str; 8] = [
    "init",
    "handle_call",
    "handle_cast",
    "handle_info",
    "handle_continue",
    "handle_demand",
    "handle_events",
    "terminate",
];

/// What a process does by functions that are in scope everywhere.
const KERNEL: [&str; 6] = [
    "spawn",
    "spawn_link",
    "spawn_monitor",
    "send",
    "self",
    "map_size",
];

/// Tags of tuples that a behaviour or a runtime gives a meaning to.
const TAGS: [&str; 10] = [
    "{:ok,",
    "{:error,",
    "{:reply,",
    "{:noreply,",
    "{:stop,",
    "{:DOWN,",
    "{:exit,",
    "{:producer,",
    "{:producer_consumer,",
    "{:consumer,",
];

/// Calls of a module's functions, `use`s, callbacks, what a process does, keywords, tags of tuples, options.
fn constructs(program: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in program.lines() {
        let code = line.split('#').next().unwrap_or_default().trim();
        let words: Vec<&str> = code.split_whitespace().collect();
        if let ["use" | "require", module, ..] = words[..] {
            found.insert(format!("{} {}", words[0], module.trim_end_matches(',')));
        }
        if let ["def", rest, ..] = words[..] {
            let name = rest.split('(').next().unwrap_or_default();
            found.extend(CALLBACKS.contains(&name).then(|| name.to_owned()));
        }
        if let [keyword @ ("receive" | "after" | "try" | "rescue"), ..] = words[..] {
            found.insert(keyword.to_owned());
        }
        for tag in TAGS {
            found.extend(code.contains(tag).then(|| tag.to_owned()));
        }
        for option in [
            "strategy:",
            "keys:",
            "name:",
            "max_concurrency:",
            "on_timeout:",
        ] {
            found.extend(code.contains(option).then(|| option.to_owned()));
        }
        found.extend(calls(line).into_iter().filter(|call| {
            let of_a_module = call.contains('.');
            of_a_module || KERNEL.contains(&call.as_str())
        }));
    }
    found
}

/// The names in front of opening parentheses, with the module's: `Map.get`, `:timer.sleep`, `spawn`.
fn calls(line: &str) -> Vec<String> {
    let is_of_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '?' | '!');
    let opened = line.match_indices('(').map(|(at, _)| &line[..at]);
    let names = opened.map(|before| {
        let start = before.rfind(|c| !is_of_name(c)).map_or(0, |at| at + 1);
        before[start..].to_owned()
    });
    let names = names.filter(|name| {
        name.rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(char::is_alphabetic))
    });
    // A module is `Upper` or `:lower`; `work_fn.` before a parenthesis is a call of a value.
    names
        .filter(|name| {
            !name.contains('.') || name.starts_with(|c: char| c.is_uppercase() || c == ':')
        })
        .collect()
}
