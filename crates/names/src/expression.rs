//! Name expressions: the wildcards of directory queries (MS-FSA 2.1.4.3 and
//! 2.1.4.4, FsRtlIsNameInExpression), and what FindFirstFile makes of a pattern.
//!
//! Besides `*` and `?` there are three wildcards that carry the rules of DOS:
//!
//! | unit | name | matches |
//! |---|---|---|
//! | `<` | DOS_STAR | any units, up to and with the last period of the name |
//! | `>` | DOS_QM | one unit; nothing at a period or at the end of the name |
//! | `"` | DOS_DOT | a period, or nothing at the end of the name |
//!
//! Where the expression ends in DOS_QM, a period takes all of these at once and
//! is matched itself, as FsRtlIsNameInExpression does it.
//!
//! A directory query takes an expression as it is. FindFirstFile writes a
//! caller's pattern in these terms first: [`Expression::from_win32`].

use crate::{NtName, UpcaseTable, unit};

const STAR: u16 = unit(b'*');
const QUESTION_MARK: u16 = unit(b'?');
const DOT: u16 = unit(b'.');
const DOS_STAR: u16 = unit(b'<');
const DOS_QUESTION_MARK: u16 = unit(b'>');
const DOS_DOT: u16 = unit(b'"');

/// An expression that names are compared with.
///
/// An empty expression stands for "all names", as a directory query without a
/// name does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression(NtName);

/// Whether letter case tells names apart.
#[derive(Debug, Clone, Copy)]
pub enum Case<'a> {
    /// Names that differ in letter case by this table are the same.
    Ignored(&'a UpcaseTable),
    /// Every unit counts as it is.
    Counts,
}

impl Case<'_> {
    fn same(self, left: u16, right: u16) -> bool {
        left == right
            || match self {
                Self::Ignored(table) => table.fold(left) == table.fold(right),
                Self::Counts => false,
            }
    }
}

/// Whether the units hold one of the five wildcards (MS-FSA 2.1.4.3).
#[must_use]
pub fn has_wildcards(units: &[u16]) -> bool {
    units.iter().any(|&unit| is_wildcard(unit))
}

fn is_wildcard(unit: u16) -> bool {
    matches!(
        unit,
        STAR | QUESTION_MARK | DOS_STAR | DOS_QUESTION_MARK | DOS_DOT
    )
}

impl Expression {
    /// The expression of exactly these units.
    #[must_use]
    pub fn new(units: &[u16]) -> Self {
        Self(NtName::from_units(units))
    }

    /// What FindFirstFile asks the directory for when its caller gives this
    /// pattern: `*.*` is `*`; `?` is DOS_QM; a period before `?` or `*` is
    /// DOS_DOT; a final `*.` is DOS_STAR. So `*.*` finds names without a period,
    /// `a?.txt` finds `a.txt`, and `*.` finds only names without a period inside.
    #[must_use]
    pub fn from_win32(pattern: &[u16]) -> Self {
        if pattern == [STAR, DOT, STAR] {
            return Self::new(&[STAR]);
        }
        if let [head @ .., STAR, DOT] = pattern {
            let mut out = translate(head, Some(STAR));
            out.push(DOS_STAR);
            return Self(out.into());
        }
        Self(translate(pattern, None).into())
    }

    /// The units.
    #[must_use]
    pub fn units(&self) -> &[u16] {
        self.0.units()
    }

    /// Whether it can match more than one name.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.0.is_empty() || has_wildcards(self.units())
    }

    /// Whether the name matches. The time taken grows with the product of both
    /// lengths at most.
    #[must_use]
    pub fn matches(&self, name: &[u16], case: Case<'_>) -> bool {
        let expression = self.units();
        if matches!(expression, [] | [STAR] | [STAR, DOT, STAR]) {
            return true;
        }
        if name.is_empty() {
            return false;
        }
        let last_dot = name.iter().rposition(|&unit| unit == DOT);
        // Where in the expression the units of the name so far can have led to.
        let mut reached = States::start(expression.len());
        for (index, &unit) in name.iter().enumerate() {
            let at = At {
                unit,
                is_last_dot: last_dot == Some(index),
                case,
            };
            reached = reached.step(expression, at);
            if reached.is_empty() {
                return false;
            }
        }
        reached.ends(expression)
    }
}

/// `?` and the periods before wildcards; `after` is what follows the last unit.
fn translate(pattern: &[u16], after: Option<u16>) -> Vec<u16> {
    let next = pattern.iter().copied().skip(1).map(Some).chain([after]);
    pattern
        .iter()
        .zip(next)
        .map(|(&unit, next)| match (unit, next) {
            (QUESTION_MARK, _) => DOS_QUESTION_MARK,
            (DOT, Some(STAR | QUESTION_MARK)) => DOS_DOT,
            (unit, _) => unit,
        })
        .collect()
}

/// One unit of a name.
#[derive(Clone, Copy)]
struct At<'a> {
    unit: u16,
    is_last_dot: bool,
    case: Case<'a>,
}

/// Places of the expression, as a set: element `i` says whether what stands
/// before its unit `i` has matched.
struct States(Vec<bool>);

impl States {
    fn start(expression: usize) -> Self {
        let mut states = vec![false; expression.saturating_add(1)];
        if let Some(first) = states.first_mut() {
            *first = true;
        }
        Self(states)
    }

    fn is_empty(&self) -> bool {
        !self.0.contains(&true)
    }

    /// The places after one more unit of the name.
    fn step(&self, expression: &[u16], at: At<'_>) -> Self {
        let mut next = vec![false; self.0.len()];
        // Whether this place is reached without a unit of the name.
        let mut empty = false;
        for (index, &wanted) in expression.iter().enumerate() {
            let here = empty || self.0.get(index).copied().unwrap_or(false);
            empty = here && passes_before(wanted, at);
            if here && stays(wanted, at) {
                set(&mut next, index);
            }
            if here && takes(wanted, at) {
                set(&mut next, index.saturating_add(1));
            }
        }
        if empty {
            // What is left of the expression needs no unit: it takes this one.
            set(&mut next, expression.len());
        }
        Self(next)
    }

    /// Whether the rest of the expression matches the end of the name.
    fn ends(&self, expression: &[u16]) -> bool {
        let mut here = false;
        for (index, &wanted) in expression.iter().enumerate() {
            here = here || self.0.get(index).copied().unwrap_or(false);
            here = here && matches!(wanted, STAR | DOS_STAR | DOS_QUESTION_MARK | DOS_DOT);
        }
        here || self.0.last().copied().unwrap_or(false)
    }
}

fn set(states: &mut [bool], index: usize) {
    if let Some(state) = states.get_mut(index) {
        *state = true;
    }
}

/// Whether a wildcard may match nothing in front of this unit.
fn passes_before(wanted: u16, at: At<'_>) -> bool {
    match wanted {
        STAR | DOS_STAR => true,
        DOS_QUESTION_MARK => at.unit == DOT,
        _ => false,
    }
}

/// Whether a wildcard takes this unit and goes on.
fn stays(wanted: u16, at: At<'_>) -> bool {
    match wanted {
        STAR => true,
        DOS_STAR => !at.is_last_dot,
        _ => false,
    }
}

/// Whether this place of the expression takes the unit and is done.
fn takes(wanted: u16, at: At<'_>) -> bool {
    match wanted {
        STAR => false,
        DOS_STAR => at.is_last_dot,
        QUESTION_MARK => true,
        DOS_QUESTION_MARK => at.unit != DOT,
        DOS_DOT => at.unit == DOT,
        unit => at.case.same(unit, at.unit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn units(text: &str) -> Vec<u16> {
        text.encode_utf16().collect()
    }

    fn in_expression(expression: &str, name: &str) -> bool {
        let table = UpcaseTable::windows();
        Expression::new(&units(expression)).matches(&units(name), Case::Ignored(&table))
    }

    fn win32(pattern: &str, name: &str) -> bool {
        let table = UpcaseTable::windows();
        Expression::from_win32(&units(pattern)).matches(&units(name), Case::Ignored(&table))
    }

    fn translated(pattern: &str) -> String {
        Expression::from_win32(&units(pattern)).0.to_string()
    }

    #[test]
    fn patterns_of_programs_are_written_in_the_wildcards_of_dos() {
        assert_eq!(translated("*.*"), "*");
        assert_eq!(translated("a?.txt"), "a>.txt");
        assert_eq!(translated("a.?x*"), "a\">x*");
        assert_eq!(translated("a.*"), "a\"*");
        assert_eq!(translated("*."), "<");
        assert_eq!(translated("a*."), "a<");
        assert_eq!(translated("a.*."), "a\"<");
        assert_eq!(translated("?."), ">.");
        assert_eq!(translated("plain.txt"), "plain.txt");
    }

    #[test]
    fn programs_find_what_dos_found() {
        assert!(win32("*.*", "no_period"));
        assert!(win32("a.*", "a"));
        assert!(win32("a?.txt", "a.txt"));
        assert!(win32("a??.t??", "A.T"));
        assert!(!win32("a?.txt", "abc.txt"));
        assert!(win32("*.", "no_period"));
        assert!(!win32("*.", "one.period"));
        assert!(win32("*.txt", "a.b.TXT"));
        assert!(!win32("*.txt", "a.txtx"));
        assert!(!win32("a?b", "ab"));
        // A directory's entries for itself and its parent come with these.
        assert!(win32("*.", ".") && win32("*.", ".."));
        assert!(win32("*.*", ".") && win32("*", ".."));
        assert!(!win32("a*", "."));
    }

    #[test]
    fn each_wildcard_by_its_definition() {
        // DOS_STAR reaches up to the last period, and may end before it.
        assert!(in_expression("<.c", "a.b.c"));
        assert!(in_expression("<b", "a.b"));
        assert!(in_expression("<", "abc"));
        assert!(in_expression("<", "abc."));
        assert!(!in_expression("<", "a.b"));
        assert!(in_expression("<.", "a.b."));
        // DOS_QM stands for nothing before a period and at the end.
        assert!(in_expression(">>>.c", "a.c"));
        assert!(in_expression("a>>>", "a"));
        assert!(!in_expression(">b", "aab"));
        assert!(in_expression("a>>", "a."));
        assert!(!in_expression("a>>", "a.b"));
        // DOS_DOT is a period or the end.
        assert!(in_expression("a\"", "a"));
        assert!(in_expression("a\"", "a."));
        assert!(!in_expression("a\"b", "ab"));
        // `?` needs a unit.
        assert!(!in_expression("a?", "a"));
        assert!(in_expression("a?", "a."));
    }

    #[test]
    fn letters_match_by_the_table_or_exactly() {
        let table = UpcaseTable::windows();
        let expression = Expression::new(&units("ÄB*"));
        assert!(expression.matches(&units("äbc"), Case::Ignored(&table)));
        assert!(!expression.matches(&units("äbc"), Case::Counts));
        assert!(expression.matches(&units("ÄBc"), Case::Counts));
    }

    #[test]
    fn an_empty_expression_asks_for_all_and_an_empty_name_is_none() {
        assert!(in_expression("", "x"));
        assert!(Expression::new(&[]).has_wildcards());
        assert!(!in_expression("?", ""));
        assert!(!in_expression("<*", ""));
    }

    #[test]
    fn many_stars_take_no_longer_than_the_product_of_the_lengths() {
        let expression = "*a".repeat(120) + "b";
        assert!(!in_expression(&expression, &"a".repeat(255)));
    }

    /// The definitions of MS-FSA 2.1.4.4, read aloud.
    fn naive(expression: &[u16], name: &[u16], case: Case<'_>) -> bool {
        expression == units("*.*") || by_definition(expression, name, case)
    }

    fn by_definition(expression: &[u16], name: &[u16], case: Case<'_>) -> bool {
        use by_definition as naive;
        let Some((&wanted, rest)) = expression.split_first() else {
            return name.is_empty();
        };
        let tail = name.get(1..).unwrap_or_default();
        match (wanted, name.first().copied()) {
            (STAR, None) => naive(rest, name, case),
            (STAR, Some(_)) => naive(rest, name, case) || naive(expression, tail, case),
            (DOS_STAR, None) => naive(rest, name, case),
            (DOS_STAR, Some(DOT)) if !tail.contains(&DOT) => {
                naive(rest, name, case) || naive(rest, tail, case)
            }
            (DOS_STAR, Some(_)) => naive(rest, name, case) || naive(expression, tail, case),
            (DOS_QUESTION_MARK, None) => naive(rest, name, case),
            (DOS_QUESTION_MARK, Some(DOT)) => {
                let last = rest.iter().all(|&unit| unit == DOS_QUESTION_MARK);
                naive(rest, name, case) || (last && tail.is_empty())
            }
            (DOS_QUESTION_MARK, Some(_)) => naive(rest, tail, case),
            (DOS_DOT, None) => naive(rest, name, case),
            (DOS_DOT, Some(unit)) => unit == DOT && naive(rest, tail, case),
            (QUESTION_MARK, unit) => unit.is_some() && naive(rest, tail, case),
            (wanted, unit) => {
                unit.is_some_and(|unit| case.same(wanted, unit)) && naive(rest, tail, case)
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn agrees_with_the_definitions(
            expression in "[*?<>\".aAbB]{1,10}",
            name in "[.aAb]{1,10}",
            ignore in any::<bool>(),
        ) {
            let table = UpcaseTable::windows();
            let case = if ignore { Case::Ignored(&table) } else { Case::Counts };
            let (expression, name) = (units(&expression), units(&name));
            prop_assert_eq!(
                Expression::new(&expression).matches(&name, case),
                naive(&expression, &name, case)
            );
        }

        #[test]
        fn without_wildcards_only_the_name_itself_matches(
            left in "[.abc]{1,6}", right in "[.abc]{1,6}",
        ) {
            prop_assert_eq!(in_expression(&left, &right), left == right);
        }
    }
}
