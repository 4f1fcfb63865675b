//! The events of a transaction, in the order in which they were written.

use solana_pubkey::Pubkey;

use super::{logged, EngineEvent, EVENT_TAG};
use crate::pda::PROGRAM_ID;

/// A transaction as a node keeps it, as far as events need it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedTransaction {
    /// Its accounts: those it names, then those of lookup tables, the written ones first.
    pub accounts: Vec<Pubkey>,
    /// Its own instructions.
    pub instructions: Vec<RecordedInstruction>,
    /// The calls of an instruction by its number, in the order in which they began; none where the node does not keep them.
    pub inner: Option<Vec<(usize, Vec<RecordedInstruction>)>>,
    /// Its log.
    pub logs: Vec<String>,
    /// Whether it failed: then it has done nothing.
    pub is_failed: bool,
}

/// An instruction in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecordedInstruction {
    /// Place of its program among the accounts.
    pub program: usize,
    /// Places of its accounts.
    pub accounts: Vec<usize>,
    /// Its data.
    pub data: Vec<u8>,
    /// 1 for the transaction's own; none from old nodes.
    pub stack_height: Option<usize>,
}

/// An event in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The event; none where this client cannot read it: another version's.
    pub event: Option<EngineEvent>,
    /// As the program wrote it, from the discriminator on.
    pub bytes: Vec<u8>,
    /// Number of the transaction's instruction in which it happened.
    pub instruction: usize,
    /// Accounts that the program's instruction was given which wrote it.
    pub accounts: Vec<Pubkey>,
    /// Whether it stands in the log, which a long one cuts off, and not in an instruction.
    pub is_logged: bool,
}

/// Why events of a transaction cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// The node does not keep inner instructions, in which events are.
    InnerInstructionsMissing,
    /// A number in it is of no account or of no instruction.
    Malformed,
}

impl RecordedEvent {
    /// Its name; `Unreadable` of another version's.
    pub fn name(&self) -> &'static str {
        self.event.as_ref().map_or("Unreadable", EngineEvent::name)
    }

    fn new(bytes: Vec<u8>, instruction: usize, accounts: &[Pubkey], is_logged: bool) -> Self {
        let event = EngineEvent::decode(&bytes);
        Self { event, bytes, instruction, accounts: accounts.to_vec(), is_logged }
    }
}

/// An instruction with its addresses.
struct Invoked<'a> {
    program: Pubkey,
    accounts: Vec<Pubkey>,
    data: &'a [u8],
    stack_height: Option<usize>,
}

/// An instruction of the transaction and what it called.
struct Outer<'a> {
    own: Invoked<'a>,
    calls: Vec<Invoked<'a>>,
}

/// Where in a transaction an event stands: its instruction, how many calls began before it, and whether it is one itself.
type Place = (usize, usize, bool);

/// The events of a transaction in the order in which they were written: those in inner instructions, which nothing truncates,
/// and those in the log. One that failed has none.
///
/// # Errors
/// Where the node did not keep what is needed.
pub fn events_of(transaction: &RecordedTransaction) -> Result<Vec<RecordedEvent>, Unreadable> {
    if transaction.is_failed {
        return Ok(Vec::new());
    }
    let outer = resolved(transaction)?;
    let mut placed: Vec<(Place, RecordedEvent)> =
        outer.iter().enumerate().flat_map(|(number, outer)| carried(outer, number)).collect();
    placed.extend(in_logs(&transaction.logs, &outer));
    placed.sort_by_key(|(place, _)| *place);
    Ok(placed.into_iter().map(|(_, event)| event).collect())
}

/// The instructions with addresses for numbers.
fn resolved(transaction: &RecordedTransaction) -> Result<Vec<Outer<'_>>, Unreadable> {
    let key = |place: &usize| transaction.accounts.get(*place).copied().ok_or(Unreadable::Malformed);
    let invoked = |instruction: &'_ RecordedInstruction| -> Result<(Pubkey, Vec<Pubkey>), Unreadable> {
        Ok((key(&instruction.program)?, instruction.accounts.iter().map(key).collect::<Result<_, _>>()?))
    };
    let with = |instruction| {
        let (program, accounts) = invoked(instruction)?;
        let RecordedInstruction { data, stack_height, .. } = instruction;
        Ok(Invoked { program, accounts, data: data.as_slice(), stack_height: *stack_height })
    };
    let own = transaction.instructions.iter().map(|own| Ok(Outer { own: with(own)?, calls: Vec::new() }));
    let mut outer = own.collect::<Result<Vec<_>, Unreadable>>()?;
    for (number, calls) in transaction.inner.as_ref().ok_or(Unreadable::InnerInstructionsMissing)? {
        let of = outer.get_mut(*number).ok_or(Unreadable::Malformed)?;
        for call in calls {
            of.calls.push(with(call)?);
        }
    }
    Ok(outer)
}

/// Events that an instruction's calls carry.
fn carried(outer: &Outer<'_>, number: usize) -> Vec<(Place, RecordedEvent)> {
    // Who is running, by depth.
    let mut callers = vec![&outer.own];
    let mut found = Vec::new();
    for (place, called) in outer.calls.iter().enumerate() {
        let depth = called.stack_height.unwrap_or(2).clamp(2, callers.len() + 1);
        callers.truncate(depth - 1);
        let caller = callers.last().map_or(&outer.own, |caller| *caller);
        callers.push(called);
        let event = called.data.strip_prefix(&EVENT_TAG).filter(|_| called.program == PROGRAM_ID);
        if let Some(event) = event {
            let event = RecordedEvent::new(event.to_vec(), number, &caller.accounts, false);
            found.push(((number, place, true), event));
        }
    }
    found
}

/// What a line of a log says of who is running.
enum Line<'a> {
    Invoke { program: &'a str, is_outer: bool },
    End,
    Other,
}

fn read(line: &str) -> Line<'_> {
    let Some((program, rest)) = line.strip_prefix("Program ").and_then(|line| line.split_once(' ')) else {
        return Line::Other;
    };
    match rest.strip_prefix("invoke [").and_then(|depth| depth.strip_suffix(']')) {
        Some(depth) => Line::Invoke { program, is_outer: depth == "1" },
        None if rest == "success" || rest.starts_with("failed: ") => Line::End,
        None => Line::Other,
    }
}

/// Events in the log. What a program logs stands between the lines that say where it begins and ends; what follows a line that
/// does not agree with the instructions is not read.
fn in_logs(logs: &[String], outer: &[Outer<'_>]) -> Vec<(Place, RecordedEvent)> {
    let mut found = Vec::new();
    let mut running: Vec<&Invoked<'_>> = Vec::new();
    let (mut next, mut begun) = (0, 0);
    for line in logs {
        match read(line) {
            Line::Invoke { program, is_outer: true } => {
                // Instructions that the runtime itself checks, signatures for one, are not in the log.
                let rest = outer.iter().skip(next);
                let Some(skipped) = rest.map(|outer| &outer.own).position(|own| own.program.to_string() == program)
                else {
                    return found;
                };
                (next, begun) = (next + skipped + 1, 0);
                running = vec![&outer[next - 1].own];
            }
            Line::Invoke { program, is_outer: false } => {
                let called = next.checked_sub(1).and_then(|number| outer[number].calls.get(begun));
                let Some(called) = called.filter(|called| called.program.to_string() == program) else {
                    return found;
                };
                running.push(called);
                begun += 1;
            }
            Line::End => drop(running.pop()),
            Line::Other => {
                let writer = running.last().filter(|running| running.program == PROGRAM_ID);
                if let Some((writer, bytes)) = writer.and_then(|writer| Some((writer, logged(line)?))) {
                    let event = RecordedEvent::new(bytes, next - 1, &writer.accounts, true);
                    // After what was called before it, before what was called after it.
                    found.push(((next - 1, begun, false), event));
                }
            }
        }
    }
    found
}
