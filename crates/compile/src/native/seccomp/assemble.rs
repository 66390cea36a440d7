//! Gives every block of the graph a position and every jump its distance.
//!
//! The program is laid out from its end, so the distance to every target is known when a jump is
//! written. A comparison reaches 255 instructions; for a farther target a stepping stone is put right
//! behind the comparison, and the comparisons before it use that one while they reach it.

use std::collections::BTreeMap;

use super::action::Action;
use super::graph::{Block, Graph, Question, Step};
use super::program::{CompileError, Instruction, MAX_INSTRUCTIONS, opcode};

pub(super) fn assemble(graph: &Graph, entry: Block) -> Result<Vec<Instruction>, CompileError> {
    let mut layout = Layout {
        graph,
        reversed: Vec::new(),
        nearest: BTreeMap::new(),
    };
    for block in graph.reachable(entry) {
        layout.place(block)?;
    }
    let Layout {
        reversed: mut instructions,
        ..
    } = layout;
    if instructions.len() > MAX_INSTRUCTIONS {
        return Err(CompileError::TooLong {
            length: instructions.len(),
        });
    }
    instructions.reverse();
    Ok(instructions)
}

struct Layout<'a> {
    graph: &'a Graph,
    /// The program from its end.
    reversed: Vec<Instruction>,
    /// Where in `reversed` to jump for a block: itself, its copy or its latest stepping stone.
    nearest: BTreeMap<Block, usize>,
}

impl Layout<'_> {
    fn place(&mut self, block: Block) -> Result<(), CompileError> {
        let instruction = match self.graph.step(block) {
            Step::Return(action) => returning(action)?,
            Step::Load { offset, next } => {
                self.adjoin(next)?;
                plain(opcode::LOAD, offset)
            }
            Step::And { mask, next } => {
                self.adjoin(next)?;
                plain(opcode::AND, mask)
            }
            Step::Ask {
                question,
                operand,
                yes,
                no,
            } => {
                let (jt, jf) = self.reach(yes, no)?;
                let code = match question {
                    Question::Equal => opcode::EQUAL,
                    Question::Greater => opcode::GREATER,
                    Question::AtLeast => opcode::AT_LEAST,
                    Question::AnyBit => opcode::ANY_BIT,
                };
                Instruction {
                    code,
                    jt,
                    jf,
                    k: operand,
                }
            }
        };
        self.put(block, instruction);
        Ok(())
    }

    /// Sees to it that the next instruction written falls through to `block`.
    fn adjoin(&mut self, block: Block) -> Result<(), CompileError> {
        if self.distance(block) > 0 {
            self.stepping_stone(block)?;
        }
        Ok(())
    }

    /// The distances to both targets from the next instruction written.
    fn reach(&mut self, yes: Block, no: Block) -> Result<(u8, u8), CompileError> {
        loop {
            // A stone for one target moves the other one away, so ask for both again. Twice is the
            // most: a target with a stone is then 0 or 1 away.
            match [yes, no].map(|block| u8::try_from(self.distance(block))) {
                [Ok(jt), Ok(jf)] => return Ok((jt, jf)),
                [Err(_), _] => self.stepping_stone(yes)?,
                [_, Err(_)] => self.stepping_stone(no)?,
            }
        }
    }

    /// A jump to `block`, or a copy of it where that is no longer.
    fn stepping_stone(&mut self, block: Block) -> Result<(), CompileError> {
        let stone = match self.graph.step(block) {
            Step::Return(action) => returning(action)?,
            _ => plain(
                opcode::JUMP,
                u32::try_from(self.distance(block)).unwrap_or(u32::MAX),
            ),
        };
        self.put(block, stone);
        Ok(())
    }

    /// How many instructions lie between the next one written and `block`.
    fn distance(&self, block: Block) -> usize {
        // `Graph::reachable` puts every block after the blocks it leads to, so there is a position.
        // A missing one would become a jump out of the program, which the kernel refuses to load.
        let position = self.nearest.get(&block);
        position.map_or(usize::MAX, |position| self.reversed.len() - position - 1)
    }

    fn put(&mut self, block: Block, instruction: Instruction) {
        self.nearest.insert(block, self.reversed.len());
        self.reversed.push(instruction);
    }
}

const fn plain(code: u16, k: u32) -> Instruction {
    Instruction {
        code,
        jt: 0,
        jf: 0,
        k,
    }
}

fn returning(action: Action) -> Result<Instruction, CompileError> {
    let encoded = action
        .encode()
        .map_err(|errno| CompileError::Errno { errno })?;
    Ok(plain(opcode::RETURN, encoded))
}
