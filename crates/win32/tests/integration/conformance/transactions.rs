//! Transactions and the functions that take one, which is the last argument.

use super::calls::{Answer, FileOptions, ansi, c_string, done, named, opened, text, wide};
use super::steps::Word;
use super::world::{Value, World, number};
use linkwright_win32::constants as c;

/// Calls a function.
pub(crate) fn call(world: &mut World, verb: &str, words: &[Word]) -> Answer {
    let system = world.system()?;
    let (transaction, words) = match (verb, words.split_last()) {
        ("CreateTransaction", None) => {
            return opened(system.create_transaction(None, None, 0, 0, 0, 0, None));
        }
        (_, Some((last, words))) => (world.handle(last)?, words),
        (_, None) => return Err(format!("{verb} takes a transaction").into()),
    };
    match (verb, words) {
        ("CommitTransaction", []) => done(system.commit_transaction(transaction)),
        ("RollbackTransaction", []) => done(system.rollback_transaction(transaction)),
        ("CreateFileTransactedW", [name, options @ ..]) => {
            let a = FileOptions::parse(options)?;
            opened(system.create_file_transacted_w(
                wide(name),
                a.access,
                a.share,
                None,
                a.disposition,
                a.flags,
                None,
                transaction,
                None,
            ))
        }
        ("DeleteFileTransactedW", [name]) => {
            done(system.delete_file_transacted_w(wide(name), transaction))
        }
        ("RemoveDirectoryTransactedW", [name]) => {
            done(system.remove_directory_transacted_w(wide(name), transaction))
        }
        ("CreateDirectoryTransactedW", [name]) => {
            done(system.create_directory_transacted_w(None, wide(name), None, transaction))
        }
        ("MoveFileTransactedW", [existing, new, flags]) => {
            let known = [("MOVEFILE_REPLACE_EXISTING", c::MOVEFILE_REPLACE_EXISTING)];
            let flags = named(&flags.raw, &known)?;
            done(system.move_file_transacted_w(wide(existing), wide(new), flags, transaction))
        }
        ("CreateHardLinkTransactedW", [new, existing]) => {
            done(system.create_hard_link_transacted_w(wide(new), wide(existing), None, transaction))
        }
        ("CreateSymbolicLinkTransactedW", [link, target, flags]) => {
            let flags = number(&flags.raw)?;
            done(system.create_symbolic_link_transacted_w(
                wide(link),
                wide(target),
                flags,
                transaction,
            ))
        }
        ("CreateHardLinkTransactedA", [new, existing]) => {
            done(system.create_hard_link_transacted_a(ansi(new), ansi(existing), None, transaction))
        }
        ("CreateSymbolicLinkTransactedA", [link, target, flags]) => {
            let flags = number(&flags.raw)?;
            done(system.create_symbolic_link_transacted_a(
                ansi(link),
                ansi(target),
                flags,
                transaction,
            ))
        }
        ("FindFirstFileNameTransactedW", [path]) => {
            let mut buffer = vec![0; 40_000];
            let mut length = 40_000;
            let search = system.find_first_file_name_transacted_w(
                wide(path),
                0,
                &mut length,
                &mut buffer,
                transaction,
            )?;
            Ok(Value::Search(search, c_string(&buffer)))
        }
        ("namestransacted", [path]) => {
            let mut buffer = vec![0; 40_000];
            let mut length = 40_000;
            let search = system.find_first_file_name_transacted_w(
                wide(path),
                0,
                &mut length,
                &mut buffer,
                transaction,
            )?;
            let mut names = vec![c_string(&buffer)];
            length = 40_000;
            while system
                .find_next_file_name_w(search, &mut length, &mut buffer)
                .is_ok()
            {
                names.push(c_string(&buffer));
                length = 40_000;
            }
            system.find_close(search)?;
            names.sort();
            text(names.join("|"))
        }
        _ => Err(format!("{verb} with {} arguments", words.len()).into()),
    }
}
