//! `CreateHardLinkW`.

use crate::support::{Calls, fails, judge, system};

#[test]
fn both_names_are_the_same_file() {
    let (volume, system) = system();
    system.make(r"C:\a", b"one");
    system.hard(r"C:\b", r"C:\a").unwrap();
    system.make(r"C:\b", b"two");
    assert_eq!(system.read(r"C:\a").unwrap(), b"two");
    assert_eq!(fails(&system, system.hard(r"C:\b", r"C:\a")), 183);
    assert_eq!(fails(&system, system.hard(r"C:\c", r"C:\none")), 2);
    system.delete(r"C:\a").unwrap();
    assert_eq!(system.read(r"C:\b").unwrap(), b"two");
    judge(volume, system);
}
