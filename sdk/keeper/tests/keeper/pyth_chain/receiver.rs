//! The receiver, which writes prices under verified VAAs, and the push oracle, which writes them to shared accounts.

use anchor_lang::{AccountDeserialize, AccountSerialize, AnchorDeserialize};
use byteorder::BE;
use pyth_solana_receiver_sdk::config::Config;
use pyth_solana_receiver_sdk::price_update::{PriceFeedMessage, PriceUpdateV2, VerificationLevel};
use pyth_solana_receiver_sdk::PostUpdateParams;
use pythnet_sdk::accumulators::merkle::MerkleRoot;
use pythnet_sdk::hashers::keccak256_160::Keccak160;
use pythnet_sdk::messages::Message;
use pythnet_sdk::wire::from_slice;
use pythnet_sdk::wire::v1::{WormholeMessage, WormholePayload};
use solana_instruction::error::InstructionError;
use solana_instruction::{AccountMeta, Instruction};
use solana_program_runtime::declare_process_instruction;
use solana_program_runtime::invoke_context::InvokeContext;
use solana_pubkey::Pubkey;
use solana_system_interface::instruction::{create_account, transfer};

use super::bridge::verified_body;
use super::{close, ensure, malformed, refusal, write, Call, CallAccount, Done, PROGRAMS};

const POST_UPDATE: [u8; 8] = [133, 95, 207, 175, 11, 79, 118, 44];
const RECLAIM_RENT: [u8; 8] = [218, 200, 19, 197, 227, 89, 192, 22];
const UPDATE_PRICE_FEED: [u8; 8] = [28, 9, 93, 150, 86, 153, 188, 115];

declare_process_instruction!(Receiver, 20_000, |invoke_context| { receive(invoke_context) });
declare_process_instruction!(PushOracle, 10_000, |invoke_context| { push(invoke_context) });

fn receive(context: &mut InvokeContext) -> Done {
    let call = Call::of(context)?;
    let (instruction, mut arguments) = call.parts()?;
    match instruction {
        POST_UPDATE => {
            let params = PostUpdateParams::deserialize(&mut arguments).map_err(malformed)?;
            ensure(arguments.is_empty(), refusal::MALFORMED)?;
            post_update(context, &call.accounts, params)
        }
        RECLAIM_RENT => {
            let [payer, account] = &call.accounts[..] else { return Err(InstructionError::MissingAccount) };
            let held = PriceUpdateV2::try_deserialize(&mut &account.data[..]).map_err(malformed)?;
            let may = payer.signer && held.write_authority == payer.key && account.owner == PROGRAMS.receiver;
            ensure(may, refusal::AUTHORITY)?;
            close(context, 1)
        }
        _ => Err(InstructionError::InvalidInstructionData),
    }
}

fn post_update(context: &mut InvokeContext, accounts: &[CallAccount], params: PostUpdateParams) -> Done {
    let [payer, vaa, config, treasury, account, system, authority] = accounts else {
        return Err(InstructionError::MissingAccount);
    };
    ensure(payer.signer && payer.writable && account.signer && authority.signer, refusal::AUTHORITY)?;
    let is_right = config.key == PROGRAMS.config() && treasury.key == PROGRAMS.treasury(params.treasury_id);
    ensure(is_right && system.key == Pubkey::default(), refusal::ADDRESS)?;
    let config = Config::try_deserialize(&mut &config.data[..]).map_err(malformed)?;
    let message = proven(&verified_body(&vaa.owner, &vaa.data)?, &config, &params)?;
    if account.data.is_empty() {
        let rent = solana_rent_of(context, PriceUpdateV2::LEN)?;
        let create = create_account(&payer.key, &account.key, rent, PriceUpdateV2::LEN as u64, &PROGRAMS.receiver);
        context.native_invoke_signed(create, &[])?;
    } else {
        let held = PriceUpdateV2::try_deserialize(&mut &account.data[..]).map_err(malformed)?;
        let may = account.owner == PROGRAMS.receiver && held.write_authority == authority.key;
        ensure(may, refusal::AUTHORITY)?;
    }
    context.native_invoke_signed(transfer(&payer.key, &treasury.key, config.single_update_fee_in_lamports), &[])?;
    let posted_slot = context.environment_config.sysvar_cache().get_clock()?.slot;
    let verification_level = VerificationLevel::Full;
    let update =
        PriceUpdateV2 { write_authority: authority.key, verification_level, price_message: message, posted_slot };
    let mut data = Vec::new();
    update.try_serialize(&mut data).map_err(malformed)?;
    data.resize(PriceUpdateV2::LEN, 0);
    write(context, 4, &data)
}

fn solana_rent_of(context: &InvokeContext, bytes: usize) -> Result<u64, InstructionError> {
    Ok(context.environment_config.sysvar_cache().get_rent()?.minimum_balance(bytes))
}

/// The message, if a source of the configuration signed for a root that its proof leads to.
fn proven(body: &[u8], config: &Config, params: &PostUpdateParams) -> Result<PriceFeedMessage, InstructionError> {
    let chain = u16::from_be_bytes([body[8], body[9]]);
    let is_source =
        config.valid_data_sources.iter().any(|of| of.chain == chain && body[10..42] == of.emitter.to_bytes());
    ensure(is_source, refusal::DATA_SOURCE)?;
    let WormholePayload::Merkle(signed) = WormholeMessage::try_from_bytes(&body[51..]).map_err(malformed)?.payload;
    let update = &params.merkle_price_update;
    let root = MerkleRoot::<Keccak160>::new(signed.root);
    ensure(root.check(update.proof.clone(), update.message.as_ref()), refusal::PROOF)?;
    match from_slice::<BE, Message>(update.message.as_ref()).map_err(malformed)? {
        Message::PriceFeedMessage(message) => Ok(message),
        _ => Err(malformed(())),
    }
}

fn push(context: &mut InvokeContext) -> Done {
    let call = Call::of(context)?;
    let (instruction, mut arguments) = call.parts()?;
    ensure(instruction == UPDATE_PRICE_FEED, refusal::MALFORMED)?;
    let params_at = arguments;
    let params = PostUpdateParams::deserialize(&mut arguments).map_err(malformed)?;
    let params_bytes = &params_at[..params_at.len() - arguments.len()];
    let (shard, feed_id) = arguments.split_first_chunk::<2>().ok_or_else(|| malformed(()))?;
    let [payer, receiver, vaa, config, treasury, feed, system] = &call.accounts[..] else {
        return Err(InstructionError::MissingAccount);
    };
    let (expected, bump) = Pubkey::find_program_address(&[shard, feed_id], &call.program);
    ensure(feed.key == expected && receiver.key == PROGRAMS.receiver, refusal::ADDRESS)?;
    let message = from_slice::<BE, Message>(params.merkle_price_update.message.as_ref()).map_err(malformed)?;
    ensure(message.feed_id()[..] == *feed_id, refusal::ADDRESS)?;
    if let Ok(held) = PriceUpdateV2::try_deserialize(&mut &feed.data[..]) {
        if message.publish_time() <= held.price_message.publish_time {
            return Ok(());
        }
    }
    let accounts = vec![
        AccountMeta::new(payer.key, true),
        AccountMeta::new_readonly(vaa.key, false),
        AccountMeta::new_readonly(config.key, false),
        AccountMeta::new(treasury.key, false),
        AccountMeta::new(feed.key, true),
        AccountMeta::new_readonly(system.key, false),
        AccountMeta::new_readonly(feed.key, true),
    ];
    let data = [&POST_UPDATE[..], params_bytes].concat();
    let post = Instruction { program_id: PROGRAMS.receiver, accounts, data };
    context.native_invoke_signed(post, &[&[shard, feed_id, &[bump]]])
}
