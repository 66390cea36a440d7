//! Rules and argument tests as blocks of the graph.
//!
//! BPF works on 32-bit words, so a 64-bit comparison is one of the high word and then, where that
//! does not settle it, one of the low word. A word without mask bits is not loaded at all.

use super::condition::{Argument, Clause, Compare, Test};
use super::graph::{Accumulator, Block, Graph, Question};
use super::rule::Rule;

/// Where `struct seccomp_data` keeps the first argument; before it are the number, the architecture
/// and the instruction pointer.
const ARGUMENTS: u32 = 16;

/// Half of a test: a 32-bit word of the argument, of the mask and of the value.
#[derive(Clone, Copy)]
struct Half {
    word: Accumulator,
    value: u32,
}

pub(super) fn rule(graph: &mut Graph, rule: &Rule) -> Block {
    match rule {
        Rule::Always(action) => graph.returns(*action),
        Rule::Conditional {
            any,
            then,
            otherwise,
        } => {
            let no = self::rule(graph, otherwise);
            let yes = self::rule(graph, then);
            any.iter()
                .rev()
                .fold(no, |no, one| clause(graph, one, yes, no))
        }
    }
}

fn clause(graph: &mut Graph, clause: &Clause, yes: Block, no: Block) -> Block {
    clause
        .all
        .iter()
        .rev()
        .fold(yes, |yes, one| test(graph, one, yes, no))
}

fn test(graph: &mut Graph, test: &Test, yes: Block, no: Block) -> Block {
    let [high, low] = halves(test);
    match test.compare {
        Compare::Eq => {
            let low = equal(graph, low, yes, no);
            equal(graph, high, low, no)
        }
        Compare::Ne => {
            let low = equal(graph, low, no, yes);
            equal(graph, high, low, yes)
        }
        Compare::Gt => {
            let low = ordered(graph, low, Question::Greater, yes, no);
            above(graph, high, yes, low, no)
        }
        Compare::Ge => {
            let low = ordered(graph, low, Question::AtLeast, yes, no);
            above(graph, high, yes, low, no)
        }
    }
}

/// The high and the low half. Both architectures are little-endian: the low word comes first.
fn halves(test: &Test) -> [Half; 2] {
    let index: u32 = match test.argument {
        Argument::First => 0,
        Argument::Second => 1,
        Argument::Third => 2,
        Argument::Fourth => 3,
        Argument::Fifth => 4,
        Argument::Sixth => 5,
    };
    let offset = ARGUMENTS + 8 * index;
    let [mask_high, mask_low] = words(test.mask);
    let [value_high, value_low] = words(test.value);
    [
        Half {
            word: Accumulator {
                offset: offset + 4,
                mask: mask_high,
            },
            value: value_high,
        },
        Half {
            word: Accumulator {
                offset,
                mask: mask_low,
            },
            value: value_low,
        },
    ]
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the low word is what is wanted"
)]
const fn words(value: u64) -> [u32; 2] {
    [(value >> 32) as u32, value as u32]
}

fn equal(graph: &mut Graph, half: Half, yes: Block, no: Block) -> Block {
    let Half { word, value } = half;
    let whole = Accumulator {
        mask: u32::MAX,
        ..word
    };
    if value & !word.mask != 0 {
        no
    } else if word.mask == 0 {
        yes
    } else if word.mask != u32::MAX && value == 0 {
        graph.ask(whole, Question::AnyBit, word.mask, no, yes)
    } else if word.mask.is_power_of_two() {
        graph.ask(whole, Question::AnyBit, word.mask, yes, no)
    } else {
        graph.ask(word, Question::Equal, value, yes, no)
    }
}

/// `question` on the low half, which decides alone.
fn ordered(graph: &mut Graph, half: Half, question: Question, yes: Block, no: Block) -> Block {
    match half {
        Half {
            word: Accumulator { mask: 0, .. },
            value,
        } => {
            if value == 0 && question == Question::AtLeast {
                yes
            } else {
                no
            }
        }
        Half { word, value } => graph.ask(word, question, value, yes, no),
    }
}

/// Greater, equal or less, on the high half.
fn above(graph: &mut Graph, half: Half, greater: Block, equal: Block, less: Block) -> Block {
    match half {
        Half {
            word: Accumulator { mask: 0, .. },
            value: 0,
        } => equal,
        Half {
            word: Accumulator { mask: 0, .. },
            ..
        } => less,
        Half { word, value } => {
            let not_greater = graph.ask(word, Question::Equal, value, equal, less);
            graph.ask(word, Question::Greater, value, greater, not_greater)
        }
    }
}
