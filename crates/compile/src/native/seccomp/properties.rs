//! Properties every compiled filter has, on random filters and on one like a real service's.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;

use super::interpreter::{check, run};
use super::*;
use crate::native::syscall::{self, Arch};

const WORDS: [u64; 12] = [
    0,
    1,
    2,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0x1_0000_0001,
    0x8000_0000_0000_0000,
    0xffff_ffff_0000_0000,
    0x7fff_ffff_ffff_ffff,
    u64::MAX,
];

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![3 => select(&WORDS), 2 => 0..64_u64, 1 => any::<u64>()]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => Just(Action::Allow),
        1 => Just(Action::Log),
        1 => (0..4_u16).prop_map(Action::Trace),
        2 => (1..5_u16).prop_map(Action::Deny),
        1 => Just(Action::KillProcess),
    ]
}

fn test() -> impl Strategy<Value = Test> {
    let compare = select(&[Compare::Eq, Compare::Ne, Compare::Gt, Compare::Ge]);
    let mask = prop_oneof![2 => Just(u64::MAX), 3 => Just(0xffff_ffff), 3 => word()];
    (select(&Argument::ALL), mask, compare, word()).prop_map(|(argument, mask, compare, value)| {
        Test {
            argument,
            mask,
            compare,
            value,
        }
    })
}

fn rule() -> impl Strategy<Value = Rule> {
    let clause = vec(test(), 0..4).prop_map(|all| Clause { all }).boxed();
    action()
        .prop_map(Rule::Always)
        .prop_recursive(2, 8, 2, move |inner| {
            (vec(clause.clone(), 0..4), inner.clone(), inner)
                .prop_map(|(any, then, otherwise)| Rule::choose(any, then, otherwise))
        })
}

fn number() -> impl Strategy<Value = u32> {
    prop_oneof![
        8 => 0..480_u32,
        1 => select(&[0x3fff_ffff, 0x4000_0000, 0x4000_0001, 0x7fff_ffff, 0x8000_0000, u32::MAX]),
        1 => any::<u32>(),
    ]
}

fn filter() -> impl Strategy<Value = Filter> {
    let arch = select(&[Arch::X86_64, Arch::Aarch64]);
    let rules = prop_oneof![
        3 => btree_map(number(), rule(), 0..12),
        1 => btree_map(number(), action().prop_map(Rule::Always), 0..80),
    ];
    (arch, rules, action(), action(), action()).prop_map(
        |(arch, rules, default, unknown, foreign)| Filter {
            arch,
            rules,
            default,
            unknown,
            foreign,
        },
    )
}

fn call(arch: Arch) -> impl Strategy<Value = Call> {
    let audit = prop_oneof![9 => Just(arch.audit()), 1 => Just(0x4000_0003), 1 => any::<u32>()];
    (audit, number(), prop::array::uniform6(word())).prop_map(|(audit, number, arguments)| Call {
        audit,
        number,
        arguments,
    })
}

/// Calls that meet rules: a number that has one, and arguments near the values it is about.
fn calls(filter: &Filter) -> impl Strategy<Value = Vec<Call>> + use<> {
    let arch = filter.arch;
    let mut numbers: Vec<u32> = filter.rules.keys().copied().collect();
    numbers.push(0);
    let values: Vec<u64> = filter
        .rules
        .values()
        .flat_map(values)
        .chain(WORDS)
        .collect();
    let aimed = (select(numbers), prop::array::uniform6(select(values))).prop_map(
        move |(number, arguments)| Call {
            audit: arch.audit(),
            number,
            arguments,
        },
    );
    vec(prop_oneof![1 => call(arch), 3 => aimed], 24)
}

fn values(rule: &Rule) -> Vec<u64> {
    match rule {
        Rule::Always(_) => Vec::new(),
        Rule::Conditional {
            any,
            then,
            otherwise,
        } => {
            let tests = any.iter().flat_map(|clause| &clause.all);
            let near = tests.flat_map(|t| [t.value, t.value ^ t.mask, t.value.wrapping_add(1)]);
            near.chain(values(then)).chain(values(otherwise)).collect()
        }
    }
}

/// As many cases as the suite has time for; `PROPTEST_CASES` asks for more.
fn config(cases: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(cases),
    }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn the_program_answers_as_the_rules_do(
        (filter, calls) in filter().prop_flat_map(|filter| {
            let calls = calls(&filter);
            (Just(filter), calls)
        })
    ) {
        let program = filter.compile().unwrap();
        check(program.instructions());
        for call in calls {
            let answer = run(program.instructions(), &call).answer;
            prop_assert_eq!(Action::decode(answer), Some(filter.decide(&call)), "{:?}", call);
        }
    }

    #[test]
    fn a_combined_rule_lets_run_what_both_let_run(
        first in rule(), second in rule(), arguments in prop::array::uniform6(word())
    ) {
        let expected = match (first.decide(&arguments), second.decide(&arguments)) {
            (Action::Log, Action::Allow) => Action::Log,
            (Action::Allow | Action::Log, second) => second,
            (refused, _) => refused,
        };
        prop_assert_eq!(first.and(&second).decide(&arguments), expected);
    }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn a_restriction_never_permits_what_was_refused(
        mut before in filter(),
        present in rule(),
        rule in rule(),
        call in select(&["read", "clone3", "openat2", "no_such_call"]),
        arguments in vec(prop::array::uniform6(word()), 20),
    ) {
        before.set(call, present);
        let mut after = before.clone();
        after.restrict([Restriction { call, rule }]);
        let Some(number) = syscall::number(before.arch, call) else {
            prop_assert_eq!(before, after);
            return Ok(());
        };
        for arguments in arguments {
            let call = Call { audit: before.arch.audit(), number, arguments };
            prop_assert!(before.decide(&call).permits() || !after.decide(&call).permits());
        }
    }

    #[test]
    fn an_unconditional_answer_never_reads_an_argument(filter in filter()) {
        let program = filter.compile().unwrap();
        for number in 0..480 {
            let constant = !matches!(filter.rule(number), Ok(Rule::Conditional { .. }));
            let call = Call { audit: filter.arch.audit(), number, arguments: [7; 6] };
            if constant {
                prop_assert!(!run(program.instructions(), &call).read_arguments, "{}", number);
            }
        }
    }
}

/// 300 allowed calls, among them some with rules about their arguments.
fn service() -> Filter {
    let mut filter = Filter::new(Arch::X86_64);
    // Every sixth call is left out, so that the ranges are about as broken as a real service's.
    let allowed = syscall::all(filter.arch)
        .filter(|(number, _)| number % 6 != 5)
        .take(300);
    let allow = |(number, _)| (number, Rule::Always(Action::Allow));
    filter.rules = allowed.map(allow).collect();
    filter
}

#[test]
fn three_hundred_calls_take_about_a_hundred_instructions() {
    let program = service().compile().unwrap();
    let length = program.instructions().len();
    assert!((60..=100).contains(&length), "{length}");
}

#[test]
fn the_depth_of_the_tree_is_logarithmic() {
    let filter = service();
    let program = filter.compile().unwrap();
    let deepest = (0..480)
        .map(|number| Call {
            audit: filter.arch.audit(),
            number,
            arguments: [0; 6],
        })
        .map(|call| run(program.instructions(), &call).steps)
        .max()
        .unwrap();
    // Two loads, the architecture, the exception in a leaf and the return; the rest is the tree.
    let tree = program.instructions().len().ilog2() as usize + 1;
    assert!(
        deepest <= tree + 5,
        "{deepest} steps in {}",
        program.instructions().len()
    );
}

/// A rule about call `number` that shares nothing with another number's: `tests` comparisons.
fn distinct(number: u32, tests: u32) -> Rule {
    let clause = |index| {
        Clause::from(Test::int(
            Argument::First,
            Compare::Eq,
            number * 1000 + index,
        ))
    };
    Rule::allow_only((0..tests).map(clause).collect(), Action::Deny(1))
}

#[test]
fn jumps_farther_than_a_comparison_reaches_get_there() {
    // 330 rules of about 8 instructions each: nearly every branch of the tree is out of reach.
    let mut filter = Filter::new(Arch::X86_64);
    filter.rules = (0..330)
        .map(|number| (number, distinct(number, 7)))
        .collect();
    let program = filter.compile().unwrap();
    check(program.instructions());
    assert!(program.instructions().len() > 3000);
    for number in 0..335 {
        for value in [number * 1000, number * 1000 + 6, number * 1000 + 7] {
            let arguments = [u64::from(value), 0, 0, 0, 0, 0];
            let call = Call {
                audit: filter.arch.audit(),
                number,
                arguments,
            };
            let answer = run(program.instructions(), &call).answer;
            assert_eq!(
                Action::decode(answer),
                Some(filter.decide(&call)),
                "{call:?}"
            );
        }
    }
}

#[test]
fn one_rule_longer_than_a_comparison_reaches_works() {
    let mut filter = Filter::new(Arch::X86_64);
    filter.rules.insert(1, distinct(1, 1000));
    let program = filter.compile().unwrap();
    check(program.instructions());
    for value in [999, 1000, 1255, 1256, 1500, 1999, 2000] {
        let call = Call {
            audit: filter.arch.audit(),
            number: 1,
            arguments: [value, 0, 0, 0, 0, 0],
        };
        let answer = run(program.instructions(), &call).answer;
        assert_eq!(
            Action::decode(answer),
            Some(filter.decide(&call)),
            "{value}"
        );
    }
}

#[test]
fn a_filter_too_long_for_the_kernel_is_refused() {
    let mut filter = Filter::new(Arch::X86_64);
    filter.rules = (0..330)
        .map(|number| (number, distinct(number, 20)))
        .collect();
    let error = filter.compile().unwrap_err();
    let CompileError::TooLong { length } = error else {
        panic!("{error}")
    };
    assert!(length > MAX_INSTRUCTIONS);
}

#[test]
fn an_errno_out_of_range_is_refused() {
    let mut filter = Filter::new(Arch::Aarch64);
    filter.default = Action::Deny(0);
    assert_eq!(filter.compile(), Err(CompileError::Errno { errno: 0 }));
}

#[test]
fn comparisons_of_one_word_load_it_once() {
    let mut filter = Filter::new(Arch::X86_64);
    filter.rules.insert(157, distinct(157, 30));
    let text = filter.compile().unwrap().disassemble();
    assert_eq!(text.matches("load args[0].low").count(), 1, "{text}");
}
