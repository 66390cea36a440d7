//! The decision by call number: a balanced tree of comparisons over ranges with equal decisions.

use std::collections::BTreeSet;

use super::filter::{Filter, X32};
use super::graph::{Accumulator, Block, Graph, Question};
use super::lower;
use crate::native::syscall;

/// Offsets in `struct seccomp_data`.
const NUMBER: Accumulator = Accumulator {
    offset: 0,
    mask: u32::MAX,
};
const ARCH: Accumulator = Accumulator {
    offset: 4,
    mask: u32::MAX,
};

/// How many lone numbers a leaf asks about one after the other.
///
/// A lone number within a run costs two comparisons in a plain tree. In a leaf it costs one, and two
/// of them make the leaf one comparison deeper while the tree above it loses one level.
const EXCEPTIONS: usize = 2;

/// A run of numbers with one decision, up to the next leaf, but for the lone numbers within it.
#[derive(Debug, Clone)]
struct Leaf {
    first: u32,
    decision: Block,
    except: Vec<(u32, Block)>,
}

/// The graph of the whole filter and its entry.
pub(super) fn build(filter: &Filter) -> (Graph, Block) {
    let mut graph = Graph::default();
    let foreign = graph.returns(filter.foreign);
    let leaves = fold_exceptions(&ranges(filter, &mut graph));
    let tree = branch(&mut graph, &leaves).unwrap_or(foreign);
    // The tree starts from a loaded number: see `branch`.
    let number = graph.load(NUMBER, tree);
    let entry = graph.ask(ARCH, Question::Equal, filter.arch.audit(), number, foreign);
    (graph, entry)
}

/// Every range with one decision, by rising first number; the first range starts at 0.
fn ranges(filter: &Filter, graph: &mut Graph) -> Vec<(u32, Block)> {
    let known = syscall::all(filter.arch).map(|(number, _)| number);
    let named = known.chain(filter.rules.keys().copied());
    let mut edges: BTreeSet<u32> = named
        .flat_map(|number| [Some(number), number.checked_add(1)])
        .flatten()
        .collect();
    edges.extend([0, *X32.start(), X32.end() + 1]);

    let mut ranges: Vec<(u32, Block)> = Vec::new();
    for first in edges {
        let decision = match filter.rule(first) {
            Ok(rule) => lower::rule(graph, rule),
            Err(action) => graph.returns(action),
        };
        if ranges.last().is_none_or(|(_, last)| *last != decision) {
            ranges.push((first, decision));
        }
    }
    ranges
}

fn fold_exceptions(ranges: &[(u32, Block)]) -> Vec<Leaf> {
    let mut leaves = Vec::new();
    let mut rest = ranges;
    while let [(first, decision), after @ ..] = rest {
        let mut except = Vec::new();
        rest = after;
        while let [(lone, other), (next, again), after @ ..] = rest
            && *again == *decision
            && lone.checked_add(1) == Some(*next)
            && except.len() < EXCEPTIONS
        {
            except.push((*lone, *other));
            rest = after;
        }
        leaves.push(Leaf {
            first: *first,
            decision: *decision,
            except,
        });
    }
    leaves
}

/// The tree over `leaves`, entered with the number in the accumulator; `None` without leaves.
fn branch(graph: &mut Graph, leaves: &[Leaf]) -> Option<Block> {
    if let [leaf] = leaves {
        let exceptions = leaf.except.iter().rev();
        return Some(exceptions.fold(leaf.decision, |block, (lone, other)| {
            graph.ask_loaded(NUMBER, Question::Equal, *lone, *other, block)
        }));
    }
    let (left, right) = leaves.split_at(leaves.len() / 2);
    let edge = right.first()?.first;
    let upper = branch(graph, right)?;
    let lower = branch(graph, left)?;
    Some(graph.ask_loaded(NUMBER, Question::AtLeast, edge, upper, lower))
}
