//! What each key can take from somebody who signs nothing: a bound for every instruction and every key. The table of
//! docs/powers.md is made of it, and `tests/powers` tries every instruction with every key against it (POWER-5).

use super::{
    Action, Anyone, Authority, AuthorityOrGuardian, Canceller, FeeCollector, Lister, Owner, OwnerOr, OwnerOrUnderWater,
    PendingRole, Proposer, Setter, SignedBy, Switcher, Venue, VenueOrSides,
};

/// Whose signature a transaction has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// The engine's authority.
    Authority,
    /// Its risk authority.
    RiskAuthority,
    /// Its guardian.
    Guardian,
    /// Its fee collector.
    FeeCollector,
    /// The signer of a registered venue.
    Venue,
    /// The delegate of a margin account, with every right.
    Delegate,
    /// Whoever has none of these, with as many margin accounts of his own as he likes.
    Anybody,
}

impl Key {
    /// Every key.
    pub const ALL: [Self; 7] = [
        Self::Authority,
        Self::RiskAuthority,
        Self::Guardian,
        Self::FeeCollector,
        Self::Venue,
        Self::Delegate,
        Self::Anybody,
    ];

    /// As documents say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::RiskAuthority => "risk authority",
            Self::Guardian => "guardian",
            Self::FeeCollector => "fee collector",
            Self::Venue => "venue",
            Self::Delegate => "delegate",
            Self::Anybody => "anybody",
        }
    }
}

/// The most that one call takes from somebody who did not sign it, at prices that stand still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Toll {
    /// Nothing: no worth, no margin, no way out.
    Nothing,
    /// Initial margin or a limit on adding risk: what leaves beside debts or positions may have to be less, and whoever owes
    /// nothing notices nothing. A ramp that has begun takes its [`Step`](Self::Step) on the way.
    Tightens,
    /// Time: withdrawing or borrowing is refused until the stop ends.
    Stops,
    /// A step of a ramp that has begun: maintenance comes nearer by what its slope allows for the time since the last.
    Step,
    /// Room: what leaves a bank counts against what others may take out of it within the hour and the day.
    Room,
    /// The penalty in force on what is closed, of an account under water; and where much was liquidated the adding of risk, which
    /// its breaker holds back.
    Penalty,
    /// A loss that is there: what a bankrupt account owes beyond what it has, and that account itself; the way out of what
    /// the loss will fall on, until it is booked, or where much insurance was drawn, until its breaker ends.
    Loss,
    /// The protocol's fees that were booked.
    Fees,
    /// Funding from now on, within the engine's bound an hour; nothing for the time that has passed.
    Funding,
    /// Fees and band on the notional that the account's owner approved.
    Fill,
    /// Fees on the notional that the account's owner lets his delegate trade within a day.
    Trade,
    /// What was published and has waited as long as changes wait.
    Waited,
}

impl Toll {
    /// As documents say it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Tightens => "tightens",
            Self::Stops => "stops",
            Self::Step => "a step",
            Self::Room => "room",
            Self::Penalty => "penalty",
            Self::Loss => "known loss",
            Self::Fees => "fees",
            Self::Funding => "funding",
            Self::Fill => "fill",
            Self::Trade => "trade",
            Self::Waited => "what waited",
        }
    }
}

/// What one instruction can take with one key's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Of whoever gave that key no right.
    pub others: Toll,
    /// Of whoever gave it one on his account: a delegate's principal, who approved a venue.
    pub givers: Toll,
}

/// What a key can take by an instruction; none where it is refused whatever the arguments.
pub const fn bound(action: Action, key: Key) -> Option<Bound> {
    if !may_send(action.rule().signed_by, key) {
        return None;
    }
    Some(Bound { others: toll(action), givers: given(action, key) })
}

/// Whether the instruction can go through with this signature, if only for accounts of the key's own.
const fn may_send(signed_by: SignedBy, key: Key) -> bool {
    match signed_by {
        // What has expired anybody cancels.
        Anyone | Owner | OwnerOr(_) | OwnerOrUnderWater | VenueOrSides(_) | Canceller => true,
        Authority => matches!(key, Key::Authority),
        AuthorityOrGuardian => matches!(key, Key::Authority | Key::Guardian),
        Setter | Proposer | Switcher => matches!(key, Key::Authority | Key::RiskAuthority),
        FeeCollector => matches!(key, Key::FeeCollector),
        Venue => matches!(key, Key::Venue),
        // A change that has waited, and the key that was proposed in one.
        Lister | PendingRole => false,
    }
}

/// What an instruction can take of whoever gave its sender no right.
const fn toll(action: Action) -> Toll {
    match action {
        Action::LiquidatePosition | Action::LiquidateCollateral => Toll::Penalty,
        Action::Withdraw | Action::Borrow => Toll::Room,
        Action::ResolveBankruptcy => Toll::Loss,
        Action::UpdateParams | Action::UpdatePrice | Action::UpdateMarket | Action::UpdateBank => Toll::Tightens,
        Action::SetPause | Action::HaltPrice | Action::SwitchSource => Toll::Stops,
        Action::AdvanceRamp => Toll::Step,
        Action::ExecuteChange
        | Action::ListPrice
        | Action::ListMarket
        | Action::ListBank
        | Action::ProposeRole
        | Action::WithdrawInsurance => Toll::Waited,
        Action::ReportPremium => Toll::Funding,
        Action::CollectFees => Toll::Fees,
        // The strictest claim, so that an instruction that nobody thought of fails where the table is tried.
        _ => Toll::Nothing,
    }
}

/// What it can take of whoever gave its sender a right, beside what it takes of anybody.
const fn given(action: Action, key: Key) -> Toll {
    match (action, key) {
        (Action::SettleFill, Key::Venue) => Toll::Fill,
        (Action::SettleFill, Key::Delegate) => Toll::Trade,
        _ => toll(action),
    }
}

#[cfg(test)]
mod tests;
