//! The program as a graph: what follows what, without positions.
//!
//! A block is made after the blocks it leads to, so the graph has no cycle and rising numbers are a
//! valid order from the end of the program to its start. Equal blocks are made once: the tail that
//! two rules share is shared in the program.

use std::collections::BTreeMap;

use super::action::Action;

/// A place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Block(usize);

/// What a comparison asks of the accumulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    Equal,
    Greater,
    AtLeast,
    AnyBit,
}

/// One instruction, with the blocks it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Load {
        offset: u32,
        next: Block,
    },
    And {
        mask: u32,
        next: Block,
    },
    Ask {
        question: Question,
        operand: u32,
        yes: Block,
        no: Block,
    },
    Return(Action),
}

/// What the accumulator is known to hold: a word of `struct seccomp_data` under a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accumulator {
    pub(super) offset: u32,
    pub(super) mask: u32,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    steps: Vec<Step>,
    made: BTreeMap<Step, Block>,
}

impl Graph {
    pub(super) fn returns(&mut self, action: Action) -> Block {
        self.make(Step::Return(action))
    }

    /// Compares what `word` holds; the load and the mask are part of the block.
    pub(super) fn ask(
        &mut self,
        word: Accumulator,
        question: Question,
        operand: u32,
        yes: Block,
        no: Block,
    ) -> Block {
        if yes == no {
            return yes;
        }
        let loaded = self.ask_loaded(word, question, operand, yes, no);
        self.load(word, loaded)
    }

    /// Loads `word` and goes on to `next`, which expects it in the accumulator.
    pub(super) fn load(&mut self, word: Accumulator, next: Block) -> Block {
        let masked = match word.mask {
            u32::MAX => next,
            mask => self.make(Step::And { mask, next }),
        };
        self.make(Step::Load {
            offset: word.offset,
            next: masked,
        })
    }

    /// Compares the accumulator, which already holds `word`.
    pub(super) fn ask_loaded(
        &mut self,
        word: Accumulator,
        question: Question,
        operand: u32,
        yes: Block,
        no: Block,
    ) -> Block {
        let [yes, no] = [yes, no].map(|target| self.after(word, target));
        if yes == no {
            return yes;
        }
        self.make(Step::Ask {
            question,
            operand,
            yes,
            no,
        })
    }

    /// Where to enter `block` when the accumulator holds `word`: past the loading of that same word.
    fn after(&self, word: Accumulator, block: Block) -> Block {
        let Step::Load { offset, next } = self.step(block) else {
            return block;
        };
        if offset != word.offset {
            return block;
        }
        match self.step(next) {
            _ if word.mask == u32::MAX => next,
            Step::And { mask, next } if mask == word.mask => next,
            _ => block,
        }
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "only `make` makes a block, and it adds the step"
    )]
    pub(super) fn step(&self, block: Block) -> Step {
        self.steps[block.0]
    }

    /// The blocks that can be reached from `entry`, from the end of the program to its start.
    pub(super) fn reachable(&self, entry: Block) -> Vec<Block> {
        let mut wanted = std::collections::BTreeSet::from([entry]);
        let mut order = Vec::new();
        // A block only leads to blocks with lower numbers, so the highest one left is complete.
        while let Some(block) = wanted.pop_last() {
            order.push(block);
            match self.step(block) {
                Step::Load { next, .. } | Step::And { next, .. } => wanted.extend([next]),
                Step::Ask { yes, no, .. } => wanted.extend([yes, no]),
                Step::Return(_) => {}
            }
        }
        order.reverse();
        order
    }

    fn make(&mut self, step: Step) -> Block {
        let next = Block(self.steps.len());
        let block = *self.made.entry(step).or_insert(next);
        if block == next {
            self.steps.push(step);
        }
        block
    }
}
