//! What depends on the kind of a leg stands in the kinds' own files, so that another kind is a few lines in places that
//! are known, and in none besides.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// Files that may match on the kind of a leg, and what of it is theirs.
const OF_KINDS: &[(&str, &str)] = &[
    ("crates/risk/src/liquidate/closable.rs", "names, parts and the dispatch of a plan"),
    ("crates/ledger/src/liquidation.rs", "the dispatch of what moves"),
    ("sdk/rust/src/offer/kinds.rs", "the dispatch of what a client asks"),
    ("crates/risk/tests/convert/kinds.rs", "what properties ask"),
    ("crates/ledger/src/bankruptcy/tests/search/legs.rs", "what a fill does to the stand of the dead-end search"),
];

/// Where code is. The model has kinds of its own, which it shares with nobody.
const SOURCES: [&str; 7] = ["crates", "programs", "migrations", "sdk", "tests", "tools", "xtask"];
const THE_MODEL: &str = "crates/model";

/// Enums whose variants are the kinds.
const KINDS: [&str; 2] = ["Leg", "LegName"];

#[test]
fn only_the_kinds_own_files_match_on_the_kind_of_a_leg() {
    let (mut files, mut used) = (0, BTreeSet::new());
    for path in SOURCES.iter().flat_map(|directory| sources(&workspace().join(directory))) {
        let name = path.strip_prefix(workspace()).expect("it lies in the workspace").display().to_string();
        if name.starts_with(THE_MODEL) {
            continue;
        }
        files += 1;
        let text = std::fs::read_to_string(&path).expect("sources are text");
        // Parsing takes time, and most files do not speak of legs.
        if !KINDS.iter().any(|kinds| text.contains(kinds)) {
            continue;
        }
        for (line, what) in matched(&text) {
            let may = OF_KINDS.iter().any(|(file, _)| *file == name);
            assert!(may, "{name}:{line} asks which kind a leg is ({what}): that belongs into a file of the kinds");
            used.insert(name.clone());
        }
    }
    assert!(files > 500, "{files} files were read");
    for (file, theirs) in OF_KINDS {
        assert!(used.contains(*file), "{file} does not match on the kind of a leg: {theirs} stands elsewhere");
    }
}

#[test]
fn patterns_of_a_kind_are_told_from_legs_that_are_named() {
    for asks in [
        "match leg { Leg::Pair { asset, .. } => 1, _ => 2 }",
        "match name { Some(LegName::Perp { .. }) => 1, _ => 2 }",
        "if let liquidate::Leg::Perp { market } = leg { market } else { 0 }",
        "let Leg::Pair { asset, .. } = leg else { return };",
        "matches!(leg, Leg::Perp { .. })",
        "assert!(matches!(leg, Leg::Perp { .. }), \"a perp\")",
        "assert_eq!(match leg { Leg::Perp { .. } => 1, _ => 2 }, 1)",
        "proptest! { #[test] fn holds(leg in legs()) { prop_assert!(matches!(leg, Leg::Pair { .. })); } }",
        "macro_rules! ask { ($leg:expr) => { match $leg { Leg::Pair { asset, .. } => asset, _ => 0 } } }",
        "use plimsoll_risk::liquidate::Leg::{Pair, Perp};",
        "use plimsoll_risk::liquidate::Leg as Other;",
        "type Other = Leg;",
        "impl Show for Leg { fn show(&self) -> u8 { match self { Self::Pair { asset, .. } => *asset, _ => 0 } } }",
    ] {
        assert_eq!(matched(&format!("fn body() {{ {asks} }}")).len(), 1, "{asks}");
    }
    for names in [
        "let leg = Leg::Pair { asset: 1, liability };",
        "assert_eq!(leg, Leg::Perp { market: 0 });",
        "legs.extend(markets.map(|market| Leg::Perp { market }));",
        "match leg.collateral() { Some(bank) => bank, None => 0 }",
        "match name { model::Leg::Perp(market) => market, _ => 0 }",
        "match at { PriceKind::Spot => Leg::Perp { market: 0 }, PriceKind::Fast => Leg::Perp { market: 1 } }",
        "impl Show for Side { fn show(&self) -> u8 { match self { Self::Pair { .. } => 1, _ => 0 } } }",
    ] {
        assert!(matched(&format!("fn body() {{ {names} }}")).is_empty(), "{names}");
    }
}

/// Lines that ask which kind a leg is.
fn matched(text: &str) -> Vec<(usize, String)> {
    let mut finder = Finder::default();
    match syn::parse_file(text) {
        Ok(file) => finder.visit_file(&file),
        Err(error) => panic!("a source that does not parse: {error}"),
    }
    finder.found
}

#[derive(Default)]
struct Finder {
    found: Vec<(usize, String)>,
    /// Inside of an implementation for one of the enums.
    is_kind: bool,
}

impl Finder {
    fn note(&mut self, of: impl Spanned, what: &str) {
        self.found.push((of.span().start().line, what.to_owned()));
    }

    fn pattern(&mut self, path: &syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        let [before @ .., kinds, kind] = names.as_slice() else { return };
        let own = before.last().is_none_or(|module| module != "model") && KINDS.contains(&kinds.as_str());
        if own || self.is_kind && kinds == "Self" {
            self.note(path, &format!("{kinds}::{kind}"));
        }
    }

    /// What a macro is given: expressions, statements, or what only it can read.
    fn tokens(&mut self, tokens: TokenStream) {
        if let Ok(given) = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated.parse2(tokens.clone()) {
            given.iter().for_each(|expr| self.visit_expr(expr));
        } else if let Ok(statements) = syn::Block::parse_within.parse2(tokens.clone()) {
            statements.iter().for_each(|statement| self.visit_stmt(statement));
        } else {
            self.unread(tokens);
        }
    }

    /// Tokens by themselves: a kind with an arrow behind it; and every group of them that can be read.
    fn unread(&mut self, tokens: TokenStream) {
        let trees: Vec<TokenTree> = tokens.into_iter().collect();
        let text = |tree: Option<&TokenTree>| tree.map(ToString::to_string).unwrap_or_default();
        for (i, tree) in trees.iter().enumerate() {
            if let TokenTree::Group(group) = tree {
                match group.delimiter() {
                    Delimiter::Brace => self.tokens(group.stream()),
                    _ => self.unread(group.stream()),
                }
            }
            let is_kind = KINDS.contains(&tree.to_string().as_str()) && text(trees.get(i + 1)) == ":";
            let behind = trees.iter().skip(i + 4).find(|tree| !matches!(tree, TokenTree::Group(_)));
            if is_kind && matches!(text(behind).as_str(), "=" | "|") {
                self.note(tree, "by a macro");
            }
        }
    }
}

/// What `matches!` is given.
struct Matches {
    of: syn::Expr,
    pattern: syn::Pat,
}

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let of = input.parse()?;
        input.parse::<syn::Token![,]>()?;
        let pattern = syn::Pat::parse_multi_with_leading_vert(input)?;
        if input.peek(syn::Token![if]) {
            input.parse::<syn::Token![if]>()?;
            input.parse::<syn::Expr>()?;
        }
        input.parse::<Option<syn::Token![,]>>()?;
        if input.is_empty() {
            Ok(Self { of, pattern })
        } else {
            Err(input.error("more than a pattern"))
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_pat(&mut self, pattern: &'ast syn::Pat) {
        match pattern {
            syn::Pat::Struct(of) => self.pattern(&of.path),
            syn::Pat::TupleStruct(of) => self.pattern(&of.path),
            syn::Pat::Path(of) => self.pattern(&of.path),
            _ => {}
        }
        visit::visit_pat(self, pattern);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let outer = std::mem::replace(&mut self.is_kind, is_kinds(&item.self_ty));
        visit::visit_item_impl(self, item);
        self.is_kind = outer;
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        if is_kinds(&item.ty) {
            self.note(item, "another name for it");
        }
    }

    fn visit_use_path(&mut self, of: &'ast syn::UsePath) {
        if KINDS.contains(&of.ident.to_string().as_str()) {
            self.note(of, "its kinds by themselves");
        }
        visit::visit_use_path(self, of);
    }

    fn visit_use_rename(&mut self, of: &'ast syn::UseRename) {
        if KINDS.contains(&of.ident.to_string().as_str()) {
            self.note(of, "another name for it");
        }
    }

    fn visit_macro(&mut self, of: &'ast syn::Macro) {
        let is_matches = of.path.segments.last().is_some_and(|name| name.ident == "matches");
        match syn::parse2::<Matches>(of.tokens.clone()) {
            Ok(matches) if is_matches => {
                self.visit_expr(&matches.of);
                self.visit_pat(&matches.pattern);
            }
            _ => self.tokens(of.tokens.clone()),
        }
    }
}

fn is_kinds(of: &syn::Type) -> bool {
    let syn::Type::Path(of) = of else { return false };
    of.path.segments.last().is_some_and(|last| KINDS.contains(&last.ident.to_string().as_str()))
}

/// The Rust files below a directory.
fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a directory of sources").flatten() {
        let path = entry.path();
        if path.is_dir() {
            if !["node_modules", "target"].iter().any(|made| path.ends_with(made)) {
                files.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the workspace").to_path_buf()
}
