//! What a change does to users, direction by direction, and how fast one that can liquidate somebody may come.
//!
//! Whoever sets parameters may not turn them on users. So every parameter has a [`Class`]: what raising it does, and what
//! lowering it does. It stands in the parameter's row of its list, as `class [up waits, down at once]` or
//! `class [any waits]`, with a reason where it is not obvious; a row without one does not compile. [`Ratcheted::changes`]
//! names every parameter that is asked to change and what that does, a [`Verdict`] the first of each kind, and a [`Ramp`]
//! moves a value within its slope.

mod caps;
mod ramp;
mod standing;
#[cfg(test)]
mod standing_tests;
#[cfg(test)]
mod tests;

pub use caps::{CapChange, RAISE_INTERVAL};
pub use ramp::{Ramp, LONGEST_STEP_SECS, RATE_PER_HOUR, WEIGHT_PER_HOUR};
pub use standing::{Progress, Schedule, Standing, EXECUTION_WINDOW};

use core::fmt;

/// What a change in one direction does to users, and so when it may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Effect {
    /// Leaves no user worse off: comes at once, beside a change of any other kind too.
    Harmless,
    /// Tightens, and liquidates nobody: users may add less from now on. Comes at once.
    AtOnce,
    /// Tightens, and can liquidate somebody: what is in force moves there by a [`Ramp`].
    Ramps,
    /// Loosens, or takes from some users what it gives to others: waits in public.
    Waits,
}

impl Effect {
    /// As a row of a list says it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Harmless => "harmless",
            Self::AtOnce => "at once",
            Self::Ramps => "ramps",
            Self::Waits => "waits",
        }
    }
}

/// What raising a parameter and what lowering it does to users. Displayed as a row of a list has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Of a value that is larger than the one in force.
    pub up: Effect,
    /// Of a value that is smaller than the one in force.
    pub down: Effect,
}

impl Class {
    /// What going from one value to another does; none where they are the same.
    pub const fn of_change(self, from: u64, to: u64) -> Option<Effect> {
        if to > from {
            Some(self.up)
        } else if to < from {
            Some(self.down)
        } else {
            None
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (up, down) = (self.up.words(), self.down.words());
        if self.up == self.down {
            write!(out, "any {up}")
        } else {
            write!(out, "up {up}, down {down}")
        }
    }
}

/// Reads the class of a row: `class!(of [up waits, down at once, "why"])` is its [`Class`](crate::ratchet::Class), and
/// `class!(why [..])` the reason, empty where it is obvious.
#[macro_export]
macro_rules! class {
    (of [any $($effect:ident)+ $(, $why:literal)?]) => {
        $crate::ratchet::Class { up: $crate::class!(effect $($effect)+), down: $crate::class!(effect $($effect)+) }
    };
    (of [up $($up:ident)+, down $($down:ident)+ $(, $why:literal)?]) => {
        $crate::ratchet::Class { up: $crate::class!(effect $($up)+), down: $crate::class!(effect $($down)+) }
    };
    (why [$($word:ident)+ $(, $down:ident $($words:ident)*)?]) => { "" };
    (why [$($word:ident)+ $(, $down:ident $($words:ident)*)?, $why:literal]) => { $why };
    (effect harmless) => { $crate::ratchet::Effect::Harmless };
    (effect at once) => { $crate::ratchet::Effect::AtOnce };
    (effect ramps) => { $crate::ratchet::Effect::Ramps };
    (effect waits) => { $crate::ratchet::Effect::Waits };
}

/// One parameter that is asked to be another than the one in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name; of an engine's parameter `group.name`.
    pub name: &'static str,
    /// The values in force and asked for; none of what is no number, such as a source of prices.
    pub numbers: Option<(u64, u64)>,
    /// What the change does.
    pub effect: Effect,
}

impl fmt::Display for Change {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = self.effect.words();
        match self.numbers {
            Some((from, to)) => write!(out, "{} {from} to {to} ({effect})", self.name),
            None => write!(out, "{} ({effect})", self.name),
        }
    }
}

/// Hands a number to `each` where it is asked to change.
pub fn compare(name: &'static str, from: u64, to: u64, class: Class, each: &mut dyn FnMut(Change)) {
    if let Some(effect) = class.of_change(from, to) {
        each(Change { name, numbers: Some((from, to)), effect });
    }
}

/// A number by name, and what changing it does.
pub type Named = (&'static str, Class);

/// [`compare`] of each of some numbers.
#[inline(never)]
pub fn compare_all(named: &[Named], from: &[u64], to: &[u64], each: &mut dyn FnMut(Change)) {
    for (((name, class), from), to) in named.iter().zip(from).zip(to) {
        compare(name, *from, *to, *class, each);
    }
}

/// Leaves those numbers as they are in force that are asked to change by a ramp.
#[inline(never)]
pub fn land_all(named: &[Named], in_force: &[u64], asked: &mut [u64]) {
    for (((_, class), from), to) in named.iter().zip(in_force).zip(asked) {
        if class.of_change(*from, *to) == Some(Effect::Ramps) {
            *to = *from;
        }
    }
}

/// Whether any of them ramps.
#[expect(clippy::arithmetic_side_effects, clippy::indexing_slicing, reason = "counts the elements of a list")]
pub const fn any_ramps(named: &[Named]) -> bool {
    let mut at = 0;
    while at < named.len() {
        if matches!(named[at].1.up, Effect::Ramps) || matches!(named[at].1.down, Effect::Ramps) {
            return true;
        }
        at += 1;
    }
    false
}

/// A set of parameters: one is in force, another is asked for.
pub trait Ratcheted {
    /// Hands each parameter that is asked to be another to `each`, in the order of the list. `self` is in force.
    fn changes(&self, asked: &Self, each: &mut dyn FnMut(Change));

    /// The first change of each kind. `self` is in force.
    fn verdict(&self, asked: &Self) -> Verdict {
        let mut verdict = Verdict::default();
        self.changes(asked, &mut |change| verdict.note(change));
        verdict
    }
}

/// What a whole set of changes comes to: the first of each kind, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The first that leaves nobody worse off.
    pub harmless: Option<Change>,
    /// The first that tightens at once.
    pub at_once: Option<Change>,
    /// The first that tightens by a ramp.
    pub ramps: Option<Change>,
    /// The first that waits.
    pub waits: Option<Change>,
}

/// When a whole set of changes may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictKind {
    /// Nothing changes.
    Nothing,
    /// All of it comes at once.
    AtOnce,
    /// Nothing waits, and all of it that does harm ramps.
    Ramps,
    /// All of it that does harm waits.
    Waits,
    /// Changes of more than one kind; the [`Verdict`] names the first of each.
    Mixed,
}

impl Verdict {
    /// Counts one more change.
    pub fn note(&mut self, change: Change) {
        let first = match change.effect {
            Effect::Harmless => &mut self.harmless,
            Effect::AtOnce => &mut self.at_once,
            Effect::Ramps => &mut self.ramps,
            Effect::Waits => &mut self.waits,
        };
        first.get_or_insert(change);
    }

    /// The kind of all of them together. What is harmless comes with any other kind, and alone at once.
    pub const fn kind(&self) -> VerdictKind {
        match (&self.at_once, &self.ramps, &self.waits) {
            (None, None, None) if self.harmless.is_none() => VerdictKind::Nothing,
            (_, None, None) => VerdictKind::AtOnce,
            (None, Some(_), None) => VerdictKind::Ramps,
            (None, None, Some(_)) => VerdictKind::Waits,
            _ => VerdictKind::Mixed,
        }
    }
}
