//! A source with every break of it, each behind a question: compiled once, it runs as any of them.
//!
//! An operator `a + b` becomes `(match (a, b) { (l, r) => if is(7) { l - r } else { l + r } })`, a function begins with
//! `if is(8) { return 0; }`, a check reads `ensure!(is(9) || (…))`. Lines stay lines, so that an error of the compiler names the
//! break that does not compile. What the compiler evaluates itself cannot ask and stays as it is.

use crate::mutant::{Genre, Mutant, Place};
use proc_macro2::{LineColumn, Span, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A source that asks.
#[derive(Debug)]
pub struct Rewritten {
    /// Its text.
    pub text: String,
    /// Numbers of the breaks in it.
    pub numbers: BTreeSet<u32>,
}

/// Which functions and lines to leave alone.
#[derive(Debug, Default)]
pub struct Leave {
    /// Functions that the compiler evaluates.
    pub constant: BTreeSet<String>,
    /// Breaks that do not compile.
    pub unviable: BTreeSet<u32>,
}

/// Puts the mutants of one file into it; `is` is the path of the question.
///
/// # Errors
/// Where the source does not parse.
pub fn rewrite(source: &str, mutants: &[&Mutant], is: &str, leave: &Leave) -> Result<Rewritten, String> {
    let file = syn::parse_file(source).map_err(|error| error.to_string())?;
    let lines = std::iter::once(0).chain(source.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut by_place: BTreeMap<Place, Vec<&Mutant>> = BTreeMap::new();
    for mutant in mutants.iter().filter(|mutant| !leave.unviable.contains(&mutant.number)) {
        by_place.entry(mutant.start).or_default().push(mutant);
    }
    let mut writer = Writer { source, lines, is, leave, by_place, edits: Vec::new(), numbers: BTreeSet::new() };
    writer.visit_file(&file);
    let numbers = std::mem::take(&mut writer.numbers);
    Ok(Rewritten { text: writer.apply(), numbers })
}

/// Every check of a source: `ensure!(…)`, and a call of `require_…(…)?` for its own sake.
///
/// # Errors
/// Where the source does not parse.
pub fn checks(source: &str, file: &str) -> Result<Vec<Mutant>, String> {
    let parsed = syn::parse_file(source).map_err(|error| error.to_string())?;
    let mut finder = Checks { file, function: String::new(), found: Vec::new() };
    finder.visit_file(&parsed);
    Ok(finder.found)
}

fn place(at: LineColumn) -> Place {
    (at.line, at.column + 1)
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let words = attribute.meta.to_token_stream_text();
        words == "test" || words.starts_with("cfg") && words.contains("test")
    })
}

trait Text {
    fn to_token_stream_text(&self) -> String;
}

impl Text for syn::Meta {
    fn to_token_stream_text(&self) -> String {
        match self {
            syn::Meta::Path(path) => path.get_ident().map(ToString::to_string).unwrap_or_default(),
            syn::Meta::List(list) if list.path.is_ident("cfg") => format!("cfg {}", list.tokens),
            // The reason of an `expect` may hold any word.
            syn::Meta::List(_) | syn::Meta::NameValue(_) => String::new(),
        }
    }
}

struct Checks<'a> {
    file: &'a str,
    function: String,
    found: Vec<Mutant>,
}

impl Checks<'_> {
    fn add(&mut self, what: &str, at: LineColumn) {
        let (file, (line, column)) = (self.file, place(at));
        self.found.push(Mutant {
            number: 0,
            file: file.to_owned(),
            name: format!("{file}:{line}:{column}: leave out {what} in {}", self.function),
            genre: Genre::Check,
            start: (line, column),
            replacement: String::new(),
        });
    }
}

impl<'ast> Visit<'ast> for Checks<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.function = function.sig.ident.to_string();
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.function = function.sig.ident.to_string();
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        if let (true, Some(first)) = (mac.path.is_ident("ensure"), mac.tokens.clone().into_iter().next()) {
            self.add(&format!("ensure!({})", condition(mac)), first.span().start());
        }
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        if let Some((name, span)) = required(statement) {
            self.add(&name, span.start());
        }
        visit::visit_stmt(self, statement);
    }
}

/// The first argument of `ensure!`, at most sixty characters of it.
fn condition(mac: &syn::Macro) -> String {
    let tokens = mac.tokens.clone().into_iter();
    let first: proc_macro2::TokenStream =
        tokens.take_while(|token| !matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',')).collect();
    first.to_string().chars().take(60).collect()
}

/// `require_…(…)?;`, with whatever path.
fn required(statement: &syn::Stmt) -> Option<(String, Span)> {
    let syn::Stmt::Expr(syn::Expr::Try(tried), Some(_)) = statement else { return None };
    let syn::Expr::Call(call) = &*tried.expr else { return None };
    let syn::Expr::Path(path) = &*call.func else { return None };
    let name = path.path.segments.last()?.ident.to_string();
    name.starts_with("require_").then(|| (name, tried.span()))
}

struct Edit {
    at: usize,
    /// Closings before openings; of closings the inner first, of openings the outer.
    order: i64,
    removed: usize,
    text: String,
}

struct Writer<'a> {
    source: &'a str,
    lines: Vec<usize>,
    is: &'a str,
    leave: &'a Leave,
    by_place: BTreeMap<Place, Vec<&'a Mutant>>,
    edits: Vec<Edit>,
    numbers: BTreeSet<u32>,
}

impl<'a> Writer<'a> {
    fn offset(&self, at: LineColumn) -> usize {
        let start = self.lines[at.line - 1];
        let line = &self.source[start..];
        start + line.char_indices().nth(at.column).map_or(line.len(), |(byte, _)| byte)
    }

    fn text(&self, span: Span) -> &'a str {
        &self.source[self.offset(span.start())..self.offset(span.end())]
    }

    fn take(&mut self, at: LineColumn, genre: Genre) -> Vec<&'a Mutant> {
        let here = self.by_place.get(&place(at)).into_iter().flatten();
        let found: Vec<&Mutant> = here.filter(|mutant| mutant.genre == genre).copied().collect();
        self.numbers.extend(found.iter().map(|mutant| mutant.number));
        found
    }

    fn ask(&self, mutant: &Mutant) -> String {
        format!("{}({})", self.is, mutant.number)
    }

    fn open(&mut self, at: LineColumn, text: String) {
        let (at, order) = (self.offset(at), self.edits.len() as i64);
        self.edits.push(Edit { at, order, removed: 0, text });
    }

    fn close(&mut self, at: LineColumn, text: String) {
        let (at, order) = (self.offset(at), i64::MIN / 2 - self.edits.len() as i64);
        self.edits.push(Edit { at, order, removed: 0, text });
    }

    fn replace(&mut self, span: Span, text: String) {
        let (at, removed) = (self.offset(span.start()), self.text(span).len());
        self.edits.push(Edit { at, order: 0, removed, text });
    }

    fn around(&mut self, span: Span, before: String, after: String) {
        self.open(span.start(), before);
        self.close(span.end(), after);
    }

    fn apply(mut self) -> String {
        self.edits.sort_by_key(|edit| (edit.at, edit.order));
        let (mut out, mut from) = (String::new(), 0);
        for edit in &self.edits {
            out.push_str(&self.source[from..edit.at]);
            out.push_str(&edit.text);
            from = edit.at + edit.removed;
        }
        out + &self.source[from..]
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) -> bool {
        if self.leave.constant.contains(&signature.ident.to_string()) {
            return false;
        }
        if let Some(constant) = signature.constness {
            let after = self.source[self.offset(constant.span.end())..].len();
            debug_assert!(after > 0);
            self.replace(constant.span, String::new());
        }
        let (from, to) = (place(block.brace_token.span.open().start()), place(block.brace_token.span.close().start()));
        let inside: Vec<&Mutant> = self
            .by_place
            .range(from..=to)
            .flat_map(|(_, mutants)| mutants)
            .filter(|mutant| mutant.genre == Genre::Function)
            .copied()
            .collect();
        // Those of a function inside this one name that.
        let own = inside.into_iter().filter(|mutant| names(&mutant.name, &signature.ident.to_string()));
        let mut begin = String::new();
        for mutant in own.collect::<Vec<_>>() {
            self.numbers.insert(mutant.number);
            begin.push_str(&format!(" if {} {{ return {}; }}", self.ask(mutant), mutant.replacement));
        }
        self.close(block.brace_token.span.open().end(), begin);
        true
    }

    fn operator(&mut self, node: &syn::ExprBinary) {
        let mutants = self.take(node.op.span().start(), Genre::Binary);
        if mutants.is_empty() {
            return;
        }
        let (whole, operator) = (node.span(), self.text(node.op.span()));
        if operator.ends_with('=') && !matches!(operator, "==" | "!=" | "<=" | ">=") {
            let (left, right) = (self.text(node.left.span()), self.text(node.right.span()));
            let other =
                |mutant: &&Mutant| format!("if {} {{ {left} {} {right} }} else ", self.ask(mutant), mutant.replacement);
            let others: String = mutants.iter().map(other).collect();
            return self.around(whole, format!("{others}{{ "), " }".to_owned());
        }
        if matches!(operator, "&&" | "||") {
            // One of two: the left operand decides, or the right one is asked.
            let order = if operator == "&&" { "==" } else { "!=" };
            let ask = self.ask(mutants[0]);
            self.around(whole, "(match ".to_owned(), " } })".to_owned());
            return self.replace(node.op.span(), format!("{{ l_ => if {ask} {order} l_ {{ l_ }} else {{"));
        }
        let by_reference = matches!(operator, "==" | "!=" | "<" | ">" | "<=" | ">=");
        let and = if by_reference { "&" } else { "" };
        let others: String = mutants
            .iter()
            .map(|mutant| format!("if {} {{ l_ {} r_ }} else ", self.ask(mutant), mutant.replacement))
            .collect();
        self.around(whole, format!("(match ({and}("), format!(")) {{ (l_, r_) => {others}{{ l_ {operator} r_ }} }})"));
        self.replace(node.op.span(), format!("), {and}("));
    }
}

/// Whether a name ends with this function: `replace f -> bool with true`, `… in f`.
fn names(name: &str, function: &str) -> bool {
    let what = name.split_once("replace ").map_or("", |(_, rest)| rest);
    let path = what.split([' ', '<']).next().unwrap_or_default();
    path == function || path.ends_with(&format!("::{function}")) || what.contains(&format!("::{function} "))
}

impl<'ast> Visit<'ast> for Writer<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}

    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}

    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}

    fn visit_type_array(&mut self, _: &'ast syn::TypeArray) {}

    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}

    fn visit_expr_repeat(&mut self, node: &'ast syn::ExprRepeat) {
        self.visit_expr(&node.expr);
    }

    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        if self.function(&function.sig, &function.block) {
            visit::visit_item_fn(self, function);
        }
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        if self.function(&function.sig, &function.block) {
            visit::visit_impl_item_fn(self, function);
        }
    }

    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        self.operator(node);
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_unary(&mut self, node: &'ast syn::ExprUnary) {
        if let Some(mutant) = self.take(node.op.span().start(), Genre::Unary).first() {
            let (bare, ask) = (self.text(node.expr.span()), self.ask(mutant));
            self.around(node.span(), format!("(if {ask} {{ {bare} }} else {{ "), " })".to_owned());
        }
        visit::visit_expr_unary(self, node);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let dropped = self.take(arm.pat.span().start(), Genre::Arm).first().map(|mutant| self.ask(mutant));
        match (&arm.guard, dropped) {
            (None, Some(ask)) => self.close(arm.pat.span().end(), format!(" if !{ask}")),
            (Some((_, guard)), dropped) => {
                let mut asked = dropped.map(|ask| format!("!{ask} && ")).unwrap_or_default();
                for mutant in self.take(guard.span().start(), Genre::Guard) {
                    let ask = self.ask(mutant);
                    asked += &if mutant.replacement == "true" { format!("({ask} || ") } else { format!("(!{ask} && ") };
                }
                let closing = ")".repeat(asked.matches('(').count() - asked.matches(')').count() + 1);
                self.around(guard.span(), format!("{asked}("), closing);
            }
            (None, None) => {}
        }
        visit::visit_arm(self, arm);
    }

    fn visit_stmt(&mut self, statement: &'ast syn::Stmt) {
        if let Some((_, span)) = required(statement) {
            if let Some(mutant) = self.take(span.start(), Genre::Check).first() {
                let ask = self.ask(mutant);
                self.around(statement.span(), format!("if !{ask} {{ "), " }".to_owned());
            }
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        let tokens: Vec<TokenTree> = mac.tokens.clone().into_iter().collect();
        let comma = tokens.iter().position(|token| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ','));
        if let (true, Some(first), Some(comma)) = (mac.path.is_ident("ensure"), tokens.first(), comma) {
            if let Some(mutant) = self.take(first.span().start(), Genre::Check).first() {
                let ask = self.ask(mutant);
                self.open(first.span().start(), format!("{ask} || ("));
                self.close(tokens[comma].span().start(), ")".to_owned());
            }
        }
    }
}
