//! Pyth: the bytes of a `PriceUpdateV2`, written with Pyth's own crate.

use anchor_lang::prelude::*;
use pyth_solana_receiver_sdk::price_update::{PriceFeedMessage, PriceUpdateV2, VerificationLevel};

use crate::MockError;

/// Seed of a Pyth account: `["pyth", creator, feed id]`. The creator is in it, so nobody can squat.
pub const PYTH: &[u8] = b"pyth";

/// What is created.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug)]
pub struct CreatePythArgs {
    /// Feed id.
    pub feed_id: [u8; 32],
    /// Who posts; Pyth's `write_authority`.
    pub poster: Pubkey,
}

/// Creates a price update account that has no price yet.
#[derive(Accounts)]
#[instruction(args: CreatePythArgs)]
pub struct CreatePyth<'info> {
    /// Names the poster; pays the rent.
    #[account(mut)]
    pub creator: Signer<'info>,
    /// CHECK: created here; its bytes are those of another program's type, which Anchor would look for under that owner.
    #[account(
        init, payer = creator, space = PriceUpdateV2::LEN, owner = crate::ID,
        seeds = [PYTH, creator.key().as_ref(), &args.feed_id], bump,
    )]
    pub feed: UncheckedAccount<'info>,
    /// Creates the account.
    pub system_program: Program<'info, System>,
}

pub(crate) fn create(ctx: Context<CreatePyth>, args: CreatePythArgs) -> Result<()> {
    let message = PriceFeedMessage {
        feed_id: args.feed_id,
        price: 0,
        conf: 0,
        exponent: 0,
        publish_time: 0,
        prev_publish_time: 0,
        ema_price: 0,
        ema_conf: 0,
    };
    write(&ctx.accounts.feed, args.poster, message)
}

/// A price.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostPythArgs {
    /// Price, units of `10^exponent` dollars.
    pub price: i64,
    /// Confidence in the same unit.
    pub conf: u64,
    /// Decimal exponent.
    pub exponent: i32,
    /// When it was published, Unix seconds; none for the chain's present time.
    pub publish_time: Option<i64>,
    /// When the update before was published, Unix seconds; none for what the account says now.
    pub prev_publish_time: Option<i64>,
    /// Pyth's own average, same unit as the price.
    pub ema_price: i64,
    /// Its confidence.
    pub ema_conf: u64,
}

/// Posts a price.
#[derive(Accounts)]
pub struct PostPyth<'info> {
    /// Whom the creator named.
    pub poster: Signer<'info>,
    /// CHECK: an account of this program; its type and poster are read from its bytes.
    #[account(mut, owner = crate::ID @ MockError::NotAFeed)]
    pub feed: UncheckedAccount<'info>,
}

/// Writes the update whatever its time, also one older than what is there: a test may want just that.
pub(crate) fn post(ctx: Context<PostPyth>, args: PostPythArgs) -> Result<()> {
    let feed = &ctx.accounts.feed;
    let held = PriceUpdateV2::try_deserialize(&mut &feed.try_borrow_data()?[..]).map_err(|_| MockError::NotAFeed)?;
    require_keys_eq!(held.write_authority, ctx.accounts.poster.key(), MockError::NotPoster);
    let publish_time = match args.publish_time {
        Some(time) => time,
        None => Clock::get()?.unix_timestamp,
    };
    let message = PriceFeedMessage {
        feed_id: held.price_message.feed_id,
        price: args.price,
        conf: args.conf,
        exponent: args.exponent,
        publish_time,
        prev_publish_time: args.prev_publish_time.unwrap_or(held.price_message.publish_time),
        ema_price: args.ema_price,
        ema_conf: args.ema_conf,
    };
    write(feed, held.write_authority, message)
}

fn write(feed: &AccountInfo, write_authority: Pubkey, price_message: PriceFeedMessage) -> Result<()> {
    let update = PriceUpdateV2 {
        write_authority,
        verification_level: VerificationLevel::Full,
        price_message,
        posted_slot: Clock::get()?.slot,
    };
    update.try_serialize(&mut &mut feed.try_borrow_mut_data()?[..])
}
