//! Bounds the depth of a tree, so that whoever walks it may recurse. What lies deeper is cut and counts as unknown;
//! `CPython` refuses such code too (more than 200 brackets, 100 indentations, a few thousand operators in a row).
//!
//! Nothing here recurses deeper than the bound, and so the parts that were cut are taken apart one level at a time:
//! dropping them as they are would overflow the stack.

use std::cell::{Cell, RefCell};

use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::visitor::transformer::{Transformer, walk_expr, walk_pattern, walk_stmt};
use ruff_python_ast::visitor::transformer::{walk_body, walk_interpolated_string_element};
use ruff_python_ast::{self as ast, AtomicNodeIndex, Expr, Pattern, Stmt};
use ruff_text_size::Ranged;

/// Statements, expressions and patterns around each other, the module not counted.
pub(crate) const MAX_DEPTH: usize = 500;

/// Cuts what is deeper than [`MAX_DEPTH`].
pub(super) fn cut(suite: &mut [Stmt]) {
    let cutter = Cutter { left: Cell::new(MAX_DEPTH), waste: RefCell::default() };
    walk_body(&cutter, suite);
    // From here on every child is cut from its parent.
    cutter.left.set(0);
    loop {
        let Some(part) = cutter.waste.borrow_mut().pop() else { break };
        match part {
            Part::Stmt(mut it) => walk_stmt(&cutter, &mut it),
            Part::Expr(mut it) => walk_expr(&cutter, &mut it),
            Part::Pattern(mut it) => walk_pattern(&cutter, &mut it),
            Part::Element(mut it) => walk_interpolated_string_element(&cutter, &mut it),
        }
    }
}

/// Whether the tree can be deeper than the bound. A statement inside another costs an indentation, everything else
/// at least one token of its logical line; most files never come near and are not walked.
pub(super) fn may_be_deep(tokens: &Tokens) -> bool {
    let (mut in_line, mut indents) = (0_usize, 0_usize);
    for token in tokens {
        match token.kind() {
            TokenKind::Newline => in_line = 0,
            TokenKind::Indent => indents += 1,
            TokenKind::Dedent => indents = indents.saturating_sub(1),
            kind if kind.is_trivia() => {}
            _ => in_line += 1,
        }
        // `match` is two levels for its two indentations, and a level may have a leaf below its last token.
        if 2 * (indents + in_line) + 4 > MAX_DEPTH {
            return true;
        }
    }
    false
}

enum Part {
    Stmt(Stmt),
    Expr(Expr),
    Pattern(Pattern),
    Element(ast::InterpolatedStringElement),
}

/// Walks as deep as it may and moves what is below into `waste`.
struct Cutter {
    left: Cell<usize>,
    waste: RefCell<Vec<Part>>,
}

impl Cutter {
    /// One level down, or a cut.
    fn step<T>(&self, node: &mut T, walk: impl Fn(&Self, &mut T), cut: impl Fn(&mut T) -> Part) {
        let left = self.left.get();
        if left == 0 {
            let part = cut(node);
            self.waste.borrow_mut().push(part);
        } else {
            self.left.set(left - 1);
            walk(self, node);
            self.left.set(left);
        }
    }
}

impl Transformer for Cutter {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        self.step(stmt, walk_stmt, |it| {
            let pass = ast::StmtPass { node_index: AtomicNodeIndex::NONE, range: it.range() };
            Part::Stmt(std::mem::replace(it, Stmt::Pass(pass)))
        });
    }

    fn visit_expr(&self, expr: &mut Expr) {
        self.step(expr, walk_expr, |it| {
            let unknown =
                ast::ExprEllipsisLiteral { node_index: AtomicNodeIndex::NONE, range: it.range() };
            Part::Expr(std::mem::replace(it, Expr::EllipsisLiteral(unknown)))
        });
    }

    fn visit_pattern(&self, pattern: &mut Pattern) {
        self.step(pattern, walk_pattern, |it| {
            let none = ast::PatternMatchSingleton {
                node_index: AtomicNodeIndex::NONE,
                range: it.range(),
                value: ast::Singleton::None,
            };
            Part::Pattern(std::mem::replace(it, Pattern::MatchSingleton(none)))
        });
    }

    /// Format specifications nest without an expression in between.
    fn visit_interpolated_string_element(&self, element: &mut ast::InterpolatedStringElement) {
        self.step(element, walk_interpolated_string_element, |it| {
            let literal = ast::InterpolatedStringLiteralElement {
                node_index: AtomicNodeIndex::NONE,
                range: it.range(),
                value: Box::default(),
            };
            Part::Element(std::mem::replace(it, ast::InterpolatedStringElement::Literal(literal)))
        });
    }
}
