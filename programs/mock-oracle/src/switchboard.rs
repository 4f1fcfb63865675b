//! Switchboard on-demand: the fields of a pull feed account, at the offsets of Switchboard's own type.

use core::mem::{offset_of, size_of};

use anchor_lang::prelude::*;
use switchboard_on_demand::anchor_traits::Discriminator as Discriminated;
use switchboard_on_demand::{CurrentResult, OracleSubmission, PullFeedAccountData};

use crate::MockError;

/// Seed of a Switchboard account: `["switchboard", creator, feed hash]`. The creator is in it, so nobody can squat.
pub const SWITCHBOARD: &[u8] = b"switchboard";

const DISCRIMINATOR: &[u8] = <PullFeedAccountData as Discriminated>::DISCRIMINATOR;
/// Samples that a feed holds.
const SAMPLES: usize = 32;
/// How long a sample counts, slots: what Switchboard's examples ask for.
const MAX_STALENESS_SLOTS: u32 = 60;
/// What a slot takes.
const SLOT_MILLIS: u64 = 400;
const ACCOUNT_LEN: usize = DISCRIMINATOR.len() + size_of::<PullFeedAccountData>();

/// What is created.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct CreateSwitchboardArgs {
    /// Hash of the feed's jobs.
    pub feed_hash: [u8; 32],
    /// Queue whose oracles would sign.
    pub queue: Pubkey,
    /// Who posts; Switchboard's `authority`.
    pub poster: Pubkey,
    /// Fewest samples that the feed asks for.
    pub min_sample_size: u8,
}

/// Creates a pull feed account that has no result yet.
#[derive(Accounts)]
#[instruction(args: CreateSwitchboardArgs)]
pub struct CreateSwitchboard<'info> {
    /// Names the poster; pays the rent.
    #[account(mut)]
    pub creator: Signer<'info>,
    /// CHECK: created here; its bytes are those of another program's type.
    #[account(
        init, payer = creator, space = ACCOUNT_LEN, owner = crate::ID,
        seeds = [SWITCHBOARD, creator.key().as_ref(), &args.feed_hash], bump,
    )]
    pub feed: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
}

pub(crate) fn create(ctx: Context<CreateSwitchboard>, args: CreateSwitchboardArgs) -> Result<()> {
    let mut data = ctx.accounts.feed.try_borrow_mut_data()?;
    let (discriminator, body) = data.split_at_mut_checked(DISCRIMINATOR.len()).ok_or(MockError::NotAFeed)?;
    discriminator.copy_from_slice(DISCRIMINATOR);
    put(body, offset_of!(PullFeedAccountData, authority), args.poster.as_ref())?;
    put(body, offset_of!(PullFeedAccountData, queue), args.queue.as_ref())?;
    put(body, offset_of!(PullFeedAccountData, feed_hash), &args.feed_hash)?;
    put(body, offset_of!(PullFeedAccountData, min_sample_size), &[args.min_sample_size])?;
    put(body, offset_of!(PullFeedAccountData, max_staleness), &MAX_STALENESS_SLOTS.to_le_bytes())?;
    put(body, offset_of!(PullFeedAccountData, initialized_at), &Clock::get()?.unix_timestamp.to_le_bytes())
}

/// The result of an aggregation.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostSwitchboardArgs {
    /// Median of the samples, units of 10^-18 dollars. All samples are taken to agree on it.
    pub value: i128,
    /// Standard deviation of the samples, same unit.
    pub std_dev: i128,
    /// Number of samples.
    pub num_samples: u8,
    /// When the samples were signed, Unix seconds; none for the chain's present time.
    pub signed_at: Option<i64>,
}

/// Posts a result.
#[derive(Accounts)]
pub struct PostSwitchboard<'info> {
    /// Whom the creator named.
    pub poster: Signer<'info>,
    /// CHECK: an account of this program; its type and poster are read from its bytes.
    #[account(mut, owner = crate::ID @ MockError::NotAFeed)]
    pub feed: UncheckedAccount<'info>,
}

pub(crate) fn post(ctx: Context<PostSwitchboard>, args: PostSwitchboardArgs) -> Result<()> {
    let mut data = ctx.accounts.feed.try_borrow_mut_data()?;
    require!(data.len() == ACCOUNT_LEN, MockError::NotAFeed);
    let (discriminator, body) = data.split_at_mut(DISCRIMINATOR.len());
    require!(discriminator == DISCRIMINATOR, MockError::NotAFeed);
    let authority = offset_of!(PullFeedAccountData, authority);
    let named = body.get(authority..authority + 32) == Some(ctx.accounts.poster.key.as_ref());
    require!(named, MockError::NotPoster);
    let clock = Clock::get()?;
    put(body, offset_of!(PullFeedAccountData, last_update_timestamp), &clock.unix_timestamp.to_le_bytes())?;
    let signed_at = args.signed_at.unwrap_or(clock.unix_timestamp);
    let age_millis = clock.unix_timestamp.saturating_sub(signed_at).max(0).unsigned_abs().saturating_mul(1_000);
    let signed_slot = clock.slot.saturating_sub(age_millis / SLOT_MILLIS);
    for sample in 0..usize::from(args.num_samples).min(SAMPLES) {
        let submission = offset_of!(PullFeedAccountData, submissions) + sample * size_of::<OracleSubmission>();
        put(body, submission + offset_of!(OracleSubmission, slot), &signed_slot.to_le_bytes())?;
        put(body, submission + offset_of!(OracleSubmission, landed_at), &clock.slot.to_le_bytes())?;
        put(body, submission + offset_of!(OracleSubmission, value), &args.value.to_le_bytes())?;
        let date = offset_of!(PullFeedAccountData, submission_timestamps) + sample * size_of::<i64>();
        put(body, date, &signed_at.to_le_bytes())?;
    }
    let result = offset_of!(PullFeedAccountData, result);
    for (field, value) in [
        (offset_of!(CurrentResult, value), args.value),
        (offset_of!(CurrentResult, std_dev), args.std_dev),
        (offset_of!(CurrentResult, mean), args.value),
        (offset_of!(CurrentResult, min_value), args.value),
        (offset_of!(CurrentResult, max_value), args.value),
    ] {
        put(body, result + field, &value.to_le_bytes())?;
    }
    for field in
        [offset_of!(CurrentResult, slot), offset_of!(CurrentResult, min_slot), offset_of!(CurrentResult, max_slot)]
    {
        put(body, result + field, &signed_slot.to_le_bytes())?;
    }
    // The median of an odd number is in its middle.
    let median = (args.num_samples / 2).min(SAMPLES as u8 - 1);
    put(body, result + offset_of!(CurrentResult, submission_idx), &[median])?;
    put(body, result + offset_of!(CurrentResult, num_samples), &[args.num_samples])
}

/// Writes a field. Account data is not aligned for the type as a whole.
fn put(body: &mut [u8], offset: usize, field: &[u8]) -> Result<()> {
    body.get_mut(offset..offset + field.len()).ok_or(MockError::NotAFeed)?.copy_from_slice(field);
    Ok(())
}
