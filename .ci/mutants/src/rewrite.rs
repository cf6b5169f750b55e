//! Writes all mutants of a file into it, each behind a guard.
//!
//! ```text
//! a + b                  (if crate::mutant(7) { a - b } else { a + b })
//! fn f() -> T { body }   fn f() -> T { if crate::mutant(8) { return Default::default(); } body }
//! pat if g => ...        pat if (crate::mutant(9) || (!crate::mutant(10) && (g))) => ...
//! ```
//!
//! Only one mutant is on at a time, so what a guard chooses instead is plain text, and only the last branch holds
//! further guards.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;

use proc_macro2::{LineColumn, Span};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// A mutant as cargo-mutants lists it.
#[derive(Clone)]
pub struct Mutant {
    pub id: usize,
    pub file: String,
    pub genre: String,
    /// What it is called in reports: file, description, and the code around it. Without its line, which moves.
    pub key: String,
    pub replacement: String,
    /// Line and column, both from 1, of the first and behind the last character.
    pub start: (usize, usize),
    pub end: (usize, usize),
}

/// A file with its mutants in it.
pub struct Rewritten {
    pub text: String,
    /// Where each mutant's own code stands in `text`, in bytes.
    pub places: Vec<(usize, Range<usize>)>,
    /// Mutants for which there is no place: those in constants.
    pub left_out: Vec<usize>,
    /// Mutants that are no Rust.
    pub broken: Vec<usize>,
}

pub fn rewrite(source: &str, mutants: &[Mutant]) -> Rewritten {
    let file = syn::parse_file(source).expect("the sources parse");
    let mut finder = Finder {
        source,
        at: mutants.iter().map(|m| ((m.start, m.id), m)).collect(),
        edits: Vec::new(),
        broken: Vec::new(),
        in_const: false,
    };
    finder.visit_file(&file);
    let left_out = finder.at.values().map(|m| m.id).collect();
    let (mut edits, broken) = (finder.edits, finder.broken);
    edits.sort_by_key(|edit| (edit.range.start, Reverse(edit.range.end)));
    let mut writer = Writer { source, text: String::new(), places: Vec::new() };
    writer.write(0..source.len(), &edits);
    Rewritten { text: writer.text, places: writer.places, left_out, broken }
}

/// A piece of the source that is written otherwise.
struct Edit {
    range: Range<usize>,
    kind: Kind,
}

enum Kind {
    /// An expression, and others to take its place.
    Choose(Vec<(usize, String)>),
    /// A match guard that also fails or holds.
    Guard { fails: Vec<usize>, holds: Vec<usize> },
    /// The place behind a pattern that has no guard.
    NoGuard(usize),
    /// A function's body, and what to return before it. If `opaque`, every branch has a type of its own.
    Body { returns: Vec<(usize, String)>, opaque: bool },
}

struct Finder<'a> {
    source: &'a str,
    /// The mutants whose place was not found yet.
    at: BTreeMap<((usize, usize), usize), &'a Mutant>,
    edits: Vec<Edit>,
    broken: Vec<usize>,
    in_const: bool,
}

fn place(at: LineColumn) -> (usize, usize) {
    (at.line, at.column + 1)
}

/// Whether it is a condition with a `let`, which only `&&` can join to others.
fn has_let(expr: &syn::ExprBinary) -> bool {
    [&expr.left, &expr.right].into_iter().any(|side| match &**side {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(side) => has_let(side),
        _ => false,
    })
}

impl Finder<'_> {
    /// Takes the mutants of a genre that begin within a span; at its very beginning, if `exactly`.
    fn take(&mut self, genre: &str, span: Span, exactly: bool) -> Vec<Mutant> {
        let (start, end) = (place(span.start()), place(span.end()));
        let wanted = |m: &Mutant| {
            m.genre == genre && if exactly { m.start == start } else { start <= m.start && m.end <= end }
        };
        let found: Vec<Mutant> = self.at.values().filter(|m| wanted(m)).map(|m| (*m).clone()).collect();
        if self.in_const {
            return Vec::new();
        }
        for mutant in &found {
            self.at.remove(&(mutant.start, mutant.id));
        }
        found
    }

    fn choose(&mut self, whole: Span, mutants: Vec<Mutant>, cut: Range<usize>) {
        let range = whole.byte_range();
        if !mutants.is_empty() {
            let text = |m: &Mutant| {
                let (before, behind) =
                    (&self.source[range.start..cut.start], &self.source[cut.end..range.end]);
                format!("{before}{} {behind}", m.replacement)
            };
            let choices = mutants.iter().map(|m| (m.id, text(m))).collect();
            self.edits.push(Edit { range, kind: Kind::Choose(choices) });
        }
    }

    fn body(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let mutants: Vec<Mutant> = self.take("FnValue", block.span(), false);
        if !mutants.is_empty() {
            let mut items = Items { source: self.source, found: None };
            items.visit_return_type(&signature.output);
            let opaque = matches!(&signature.output,
                syn::ReturnType::Type(_, ty) if matches!(**ty, syn::Type::ImplTrait(_)));
            let value = |m: &Mutant| match items.found {
                Some(item) if opaque => {
                    let call = |name: &str| (format!("iter::{name}("), format!("iter::{name}::<{item}>("));
                    let ((once, of_one), (empty, of_none)) = (call("once"), call("empty"));
                    m.replacement.replace(&once, &of_one).replace(&empty, &of_none)
                }
                _ => m.replacement.clone(),
            };
            let returns = mutants.iter().map(|m| (m.id, value(m))).collect();
            self.edits.push(Edit { range: block.span().byte_range(), kind: Kind::Body { returns, opaque } });
        }
    }

    fn constant(&mut self, visit: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.in_const, true);
        visit(self);
        self.in_const = outer;
    }
}

impl<'ast> Visit<'ast> for Finder<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        // Inner functions first: a function's mutants are those of its block that nobody inside has taken.
        visit::visit_item_fn(self, item);
        self.body(&item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        visit::visit_impl_item_fn(self, item);
        self.body(&item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        visit::visit_trait_item_fn(self, item);
        if let Some(block) = &item.default {
            self.body(&item.sig, block);
        }
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant(|this| visit::visit_item_const(this, item));
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant(|this| visit::visit_impl_item_const(this, item));
    }

    fn visit_trait_item_const(&mut self, item: &'ast syn::TraitItemConst) {
        self.constant(|this| visit::visit_trait_item_const(this, item));
    }

    fn visit_expr_binary(&mut self, expr: &'ast syn::ExprBinary) {
        let mutants = self.take("BinaryOperator", expr.op.span(), true);
        if has_let(expr) {
            self.broken.extend(mutants.iter().map(|m| m.id));
        } else {
            self.choose(expr.span(), mutants, expr.op.span().byte_range());
        }
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_unary(&mut self, expr: &'ast syn::ExprUnary) {
        let mutants = self.take("UnaryOperator", expr.op.span(), true);
        self.choose(expr.span(), mutants, expr.op.span().byte_range());
        visit::visit_expr_unary(self, expr);
    }

    fn visit_expr_struct(&mut self, expr: &'ast syn::ExprStruct) {
        for pair in expr.fields.pairs() {
            let mutants = self.take("StructField", pair.value().span(), true);
            let behind = pair.punct().map_or(pair.value().span(), |comma| comma.span());
            let cut = pair.value().span().byte_range().start..behind.byte_range().end;
            self.choose(expr.span(), mutants, cut);
        }
        visit::visit_expr_struct(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        let ids = |mutants: Vec<Mutant>| mutants.into_iter().map(|m| m.id).collect::<Vec<_>>();
        let mut fails = ids(self.take("MatchArm", arm.span(), true));
        if let Some((_, guard)) = &arm.guard {
            let (holds, never) = self
                .take("MatchArmGuard", guard.span(), true)
                .into_iter()
                .partition::<Vec<_>, _>(|m| m.replacement == "true");
            fails.extend(ids(never));
            let range = guard.span().byte_range();
            self.edits.push(Edit { range, kind: Kind::Guard { fails, holds: ids(holds) } });
        } else if let [id] = fails[..] {
            let end = arm.pat.span().byte_range().end;
            self.edits.push(Edit { range: end..end, kind: Kind::NoGuard(id) });
        }
        visit::visit_arm(self, arm);
    }
}

/// Looks for the `T` in `impl Iterator<Item = T>`.
struct Items<'a> {
    source: &'a str,
    found: Option<&'a str>,
}

impl<'ast> Visit<'ast> for Items<'_> {
    fn visit_assoc_type(&mut self, item: &'ast syn::AssocType) {
        if item.ident == "Item" {
            self.found = Some(&self.source[item.ty.span().byte_range()]);
        }
    }
}

struct Writer<'a> {
    source: &'a str,
    text: String,
    places: Vec<(usize, Range<usize>)>,
}

impl Writer<'_> {
    /// Writes a piece of the source with the edits that lie in it.
    fn write(&mut self, range: Range<usize>, mut edits: &[Edit]) {
        let mut at = range.start;
        while let Some((edit, rest)) = edits.split_first() {
            let inside = rest.iter().take_while(|other| other.range.end <= edit.range.end).count();
            let inside = if edit.range.is_empty() { 0 } else { inside };
            let (inner, rest) = rest.split_at(inside);
            self.text += &self.source[at..edit.range.start];
            self.edit(edit, inner);
            (at, edits) = (edit.range.end, rest);
        }
        self.text += &self.source[at..range.end];
    }

    fn edit(&mut self, edit: &Edit, inner: &[Edit]) {
        let Range { start, end } = edit.range;
        match &edit.kind {
            Kind::Choose(choices) => {
                self.text += "(";
                for (id, other) in choices {
                    self.text += &format!("if crate::mutant({id}) {{ ");
                    self.mutant(*id, other);
                    self.text += " } else ";
                }
                self.text += "{ ";
                self.write(start..end, inner);
                self.text += " })";
            }
            Kind::Guard { fails, holds } => {
                self.text += "(false";
                holds.iter().for_each(|id| self.mutant(*id, &format!(" || crate::mutant({id})")));
                self.text += " || (true";
                fails.iter().for_each(|id| self.mutant(*id, &format!(" && !crate::mutant({id})")));
                self.text += " && (";
                self.write(start..end, inner);
                self.text += ")))";
            }
            Kind::NoGuard(id) => self.mutant(*id, &format!(" if !crate::mutant({id})")),
            Kind::Body { returns, opaque } => {
                self.text += "{ ";
                for (n, (id, value)) in returns.iter().enumerate() {
                    self.text += &format!("if crate::mutant({id}) {{ return ");
                    let value = if *opaque {
                        let nested = "crate::MutantOr::Original(".repeat(n);
                        format!("{nested}crate::MutantOr::Mutant({value}{}", ")".repeat(n + 1))
                    } else {
                        value.clone()
                    };
                    self.mutant(*id, &value);
                    self.text += "; } ";
                }
                let wrapped = if *opaque { returns.len() } else { 0 };
                self.text += &"crate::MutantOr::Original(".repeat(wrapped);
                self.write(if wrapped > 0 { start..end } else { start + 1..end - 1 }, inner);
                self.text += &")".repeat(wrapped);
                self.text += "}";
            }
        }
    }

    fn mutant(&mut self, id: usize, text: &str) {
        self.places.push((id, self.text.len()..self.text.len() + text.len()));
        self.text += text;
    }
}
