//! What can be done to an engine, whatever carries it: one variant for each instruction.

use plimsoll_risk::liquidate::Request;
use plimsoll_sdk::ix::args::ResolveStep;
use plimsoll_sdk::offer::instruction_name;
use solana_pubkey::Pubkey;

use crate::money;
use crate::world::Trader;

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// Opens margin account 0 of an owner.
    OpenAccount {
        /// The owner, who pays.
        owner: Pubkey,
    },
    /// Registers the venue that reports every market's premium.
    RegisterVenue {
        /// What the venue signs with.
        signer: Pubkey,
    },
    /// Takes what the oracles of a price say.
    RefreshPrice {
        /// Slot of the board.
        slot: u8,
        /// The secondary is shown too.
        pair: bool,
    },
    /// Gives fresh tokens to a bank's insurance.
    FundInsurance {
        /// Slot of the bank.
        bank: u8,
        /// How much.
        amount_atoms: u64,
    },
    /// Deposits fresh tokens.
    Deposit {
        /// Whose.
        trader: Trader,
        /// Slot of the bank.
        bank: u8,
        /// How much.
        amount_atoms: u64,
    },
    /// Borrows to the owner's token account.
    Borrow {
        /// Who.
        trader: Trader,
        /// Slot of the bank.
        bank: u8,
        /// How much.
        amount_atoms: u64,
    },
    /// Withdraws to the owner's token account.
    Withdraw {
        /// Who.
        trader: Trader,
        /// Slot of the bank.
        bank: u8,
        /// How much; none for everything.
        amount_atoms: Option<u64>,
    },
    /// Repays from the owner's token account, which gets the tokens first.
    Repay {
        /// Whose debt.
        trader: Trader,
        /// Slot of the bank.
        bank: u8,
        /// At most so much; none for all of it.
        amount_atoms: Option<u64>,
    },
    /// A fill between two accounts whose owners both sign.
    SettleFill {
        /// Slot of the market.
        market: u8,
        /// Gains base.
        buyer: Trader,
        /// Loses base.
        seller: Trader,
        /// How much.
        base_units: u64,
        /// What is paid for it.
        quote_atoms: u64,
    },
    /// Records whether an account is under water.
    ObserveMargin {
        /// The margin account.
        account: Pubkey,
    },
    /// A liquidation that changes nothing rather than fail where somebody else was faster.
    Liquidate {
        /// Who liquidates.
        liquidator: Trader,
        /// The margin account under water.
        liquidatee: Pubkey,
        /// What he asks for.
        request: Request,
    },
    /// Books a bank's interest.
    Accrue {
        /// Slot of the bank.
        bank: u8,
    },
    /// Turns deposits that wait as insurance into insurance.
    SweepInsurance {
        /// Slot of the bank.
        bank: u8,
    },
    /// Reports a market's premium.
    ReportPremium {
        /// Slot of the market.
        market: u8,
        /// What the venue signs with.
        signer: Pubkey,
        /// By how much its mark price is above the index price.
        premium_ppm: i32,
    },
    /// Books a market's funding.
    CrankFunding {
        /// Slot of the market.
        market: u8,
    },
    /// Settles an account's PnL; the market's own claim where none is named.
    SettlePnl {
        /// Slot of the market.
        market: u8,
        /// The margin account.
        account: Option<Pubkey>,
    },
    /// The owner takes the whole of a win out of a market in deficit, for at least an atom.
    TakeWin {
        /// Slot of the market.
        market: u8,
        /// Whose.
        trader: Trader,
    },
    /// A step of a resolution.
    ResolveBankruptcy {
        /// The margin account.
        account: Pubkey,
        /// Which step.
        step: ResolveStep,
    },
}

impl Operation {
    /// Its name in the measurements.
    pub fn name(&self) -> &'static str {
        match self {
            Self::OpenAccount { .. } => "open_account",
            Self::RegisterVenue { .. } => "register_venue",
            Self::RefreshPrice { pair: false, .. } => "refresh_price",
            Self::RefreshPrice { pair: true, .. } => "refresh_price (second source)",
            Self::FundInsurance { .. } => "fund_insurance",
            Self::Deposit { .. } => "deposit",
            Self::Borrow { .. } => "borrow",
            Self::Withdraw { .. } => "withdraw",
            Self::Repay { .. } => "repay",
            Self::SettleFill { .. } => "settle_fill",
            Self::ObserveMargin { .. } => "observe_margin",
            Self::Liquidate { request, .. } => instruction_name(&request.leg),
            Self::Accrue { .. } => "accrue",
            Self::SweepInsurance { .. } => "sweep_insurance",
            Self::ReportPremium { .. } => "report_premium",
            Self::CrankFunding { .. } => "crank_funding",
            Self::SettlePnl { .. } => "settle_pnl",
            Self::TakeWin { .. } => "take_win",
            Self::ResolveBankruptcy { step, .. } => money::step_name(*step),
        }
    }
}
