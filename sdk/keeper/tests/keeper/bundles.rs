//! Jito's block engine, played by one that reads what it is sent as the real one does: and what happens without it.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use base64::Engine as _;
use plimsoll_keeper::jobs::Context;
use serde_json::{json, Value};
use solana_pubkey::Pubkey;
use solana_transaction::versioned::VersionedTransaction;

use crate::node::Node;
use crate::stage::{delegate, liquidate, until, Stage};

/// What the block engine does with bundles.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    /// Takes them to the chain.
    Lands,
    /// Takes them, and never to the chain.
    Pending,
    /// Takes them, and says that it dropped them.
    Fails,
    /// Takes them, and forgets them.
    Forgets,
    /// Answers HTTP 429.
    Limits,
    /// Answers with a page of a proxy.
    ProxyPage,
}

struct BlockEngine {
    node: Node,
    behaviour: Behaviour,
    tip_accounts: Vec<Pubkey>,
    /// Method and parameters of every request.
    asked: Vec<(String, Value)>,
    /// Tips of the bundles that were taken, and to whom.
    tips: Vec<(Pubkey, u64)>,
    landed: Vec<String>,
}

type Shared = Arc<Mutex<BlockEngine>>;

/// A transaction that is signed as it says.
fn signed(text: &str) -> Result<VersionedTransaction, String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(text).map_err(|_| "transaction is not base64")?;
    let transaction: VersionedTransaction =
        bincode::deserialize(&bytes).map_err(|_| "transaction cannot be decoded")?;
    match transaction.verify_with_results().iter().all(|valid| *valid) {
        true => Ok(transaction),
        false => Err("transaction signature is invalid".into()),
    }
}

impl BlockEngine {
    /// The tip: a transfer of the system program to one of the accounts for it.
    fn tip(&self, transaction: &VersionedTransaction) -> Option<(Pubkey, u64)> {
        let keys = transaction.message.static_account_keys();
        transaction.message.instructions().iter().find_map(|instruction| {
            let is_transfer = keys[instruction.program_id_index as usize] == Pubkey::default()
                && instruction.data.len() == 12
                && instruction.data[..4] == [2, 0, 0, 0];
            let to = keys[*instruction.accounts.get(1)? as usize];
            let lamports = u64::from_le_bytes(instruction.data.get(4..12)?.try_into().ok()?);
            (is_transfer && self.tip_accounts.contains(&to)).then_some((to, lamports))
        })
    }

    fn send_bundle(&mut self, params: &Value) -> Result<Value, String> {
        if params[1]["encoding"] != "base64" {
            return Err("transactions are read as base58 unless an encoding is named".into());
        }
        let texts = params[0].as_array().ok_or("no transactions")?;
        if texts.is_empty() || texts.len() > 5 {
            return Err("a bundle has one to five transactions".into());
        }
        let texts = texts.iter().map(|text| text.as_str().unwrap_or_default());
        let transactions = texts.map(signed).collect::<Result<Vec<_>, _>>()?;
        let tip = transactions.iter().find_map(|transaction| self.tip(transaction));
        let tip = tip.filter(|(_, lamports)| *lamports >= 1_000);
        self.tips.push(tip.ok_or("bundle must tip at least 1000 lamports to one of the tip accounts")?);
        let id = format!("bundle-{}", transactions[0].signatures[0]);
        if self.behaviour == Behaviour::Lands {
            let landed = self.node.chain(|chain| chain.take_bundle(&transactions));
            landed.map_err(|error| format!("bundle fails: {error}"))?;
            self.landed.push(id.clone());
        }
        Ok(id.into())
    }

    fn answer(&mut self, method: &str, params: &Value) -> Result<Value, String> {
        match method {
            "getTipAccounts" => Ok(self.tip_accounts.iter().map(Pubkey::to_string).collect::<Vec<_>>().into()),
            "sendBundle" => self.send_bundle(params),
            "getInflightBundleStatuses" => {
                let id = params[0][0].as_str().ok_or("no identifier")?;
                let status = match self.behaviour {
                    _ if self.landed.iter().any(|landed| landed == id) => "Landed",
                    Behaviour::Fails => "Failed",
                    Behaviour::Forgets => "Invalid",
                    _ => "Pending",
                };
                let value = json!([{ "bundle_id": id, "status": status, "landed_slot": null }]);
                Ok(json!({ "context": { "slot": 1 }, "value": value }))
            }
            other => Err(format!("{other} is no method of the block engine")),
        }
    }
}

async fn request(State(shared): State<Shared>, Json(body): Json<Value>) -> (StatusCode, String) {
    let mut engine = shared.lock().unwrap();
    let method = body["method"].as_str().unwrap_or_default().to_owned();
    engine.asked.push((method.clone(), body["params"].clone()));
    match engine.behaviour {
        Behaviour::Limits => return (StatusCode::TOO_MANY_REQUESTS, "slow down".into()),
        Behaviour::ProxyPage => return (StatusCode::FORBIDDEN, "<html>forbidden</html>".into()),
        _ => {}
    }
    let answer = match engine.answer(&method, &body["params"]) {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": body["id"], "result": result }),
        Err(message) => {
            json!({ "jsonrpc": "2.0", "id": body["id"], "error": { "code": -32602, "message": message } })
        }
    };
    (StatusCode::OK, answer.to_string())
}

/// A stage where Alice is under water, with a block engine in a behaviour.
struct Bundles {
    stage: Stage,
    shared: Shared,
    context: Arc<Context>,
}

async fn with_engine(behaviour: Behaviour, tip_account: Option<Pubkey>) -> Bundles {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    // Accounts that are there already, as Jito's are.
    let tip_accounts: Vec<Pubkey> = (0..8).map(|_| Pubkey::new_unique()).collect();
    stage.node.world(|world| tip_accounts.iter().for_each(|key| world.set_lamports(key, 10_000_000)));
    let (asked, tips, landed) = (Vec::new(), Vec::new(), Vec::new());
    let engine = BlockEngine { node: stage.node.clone(), behaviour, tip_accounts, asked, tips, landed };
    let shared: Shared = Arc::new(Mutex::new(engine));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = stage.config();
    config.jito.url = Some(format!("http://{}/api/v1/bundles", listener.local_addr().unwrap()));
    (config.jito.tip_lamports, config.jito.wait_millis) = (5_000, 50);
    if behaviour == Behaviour::Lands {
        // Not for this test to be slow by.
        config.jito.wait_millis = 20_000;
    }
    config.jito.tip_account = tip_account.map(|account| account.to_string());
    let router = Router::new().route("/api/v1/bundles", post(request)).with_state(shared.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let context = stage.context(config).await;
    Bundles { stage, shared, context }
}

impl Bundles {
    fn methods(&self) -> Vec<String> {
        self.shared.lock().unwrap().asked.iter().map(|(method, _)| method.clone()).collect()
    }

    fn landed_by_bundle(&self) -> u64 {
        self.context.metrics.bundles_landed.with_label_values(&["liquidate"]).get()
    }

    fn confirmed(&self) -> u64 {
        self.context.metrics.confirmed.with_label_values(&["liquidate"]).get()
    }

    fn refused(&self, reason: &str) -> u64 {
        self.context.metrics.refusals("liquidate", "bundle", reason)
    }

    /// Liquidates once, and the liquidation is done by the node and counted for this reason.
    async fn falls_back_for(&self, reason: &str) {
        let owed = self.stage.debt();
        liquidate(&self.context).await;
        assert!(self.stage.debt() < owed, "{reason}");
        assert_eq!((self.confirmed(), self.landed_by_bundle(), self.refused(reason)), (1, 0, 1), "{reason}");
        assert_eq!(self.stage.node.chain(|chain| chain.succeeded()), 1, "executed once");
    }
}

#[tokio::test]
async fn a_liquidation_lands_by_a_bundle_with_a_tip_to_one_of_the_engines_accounts() {
    let bundles = with_engine(Behaviour::Lands, None).await;
    let owed = bundles.stage.debt();
    liquidate(&bundles.context).await;
    assert!(bundles.stage.debt() < owed);
    assert_eq!(bundles.methods(), ["getTipAccounts", "sendBundle"]);
    assert_eq!((bundles.confirmed(), bundles.landed_by_bundle()), (1, 1));
    assert_eq!(bundles.stage.node.calls("sendTransaction"), 0, "the node is only asked whether it has it");
    let (to, lamports) = bundles.shared.lock().unwrap().tips[0];
    assert_eq!((lamports, bundles.stage.node.world(|world| world.lamports(&to))), (5_000, 10_005_000));
}

#[tokio::test]
async fn only_liquidations_are_bundled() {
    let bundles = with_engine(Behaviour::Lands, None).await;
    let tip =
        bundles.stage.node.world(|world| plimsoll_sdk::ix::observe_margin(&world.keys, bundles.stage.alice.account));
    bundles.context.submit("observe", tip).await.unwrap();
    assert!(bundles.methods().is_empty());
}

#[tokio::test]
async fn a_configured_tip_account_is_tipped_without_asking() {
    let account = delegate_of_jito();
    let bundles = with_engine(Behaviour::Lands, Some(account)).await;
    bundles.shared.lock().unwrap().tip_accounts.push(account);
    bundles.stage.node.world(|world| world.set_lamports(&account, 10_000_000));
    liquidate(&bundles.context).await;
    assert_eq!(bundles.methods(), ["sendBundle"]);
    assert_eq!(bundles.shared.lock().unwrap().tips, [(account, 5_000)]);
}

fn delegate_of_jito() -> Pubkey {
    Pubkey::new_from_array([9; 32])
}

#[tokio::test]
async fn a_bundle_that_the_engine_refuses_goes_to_the_node() {
    // It tips somebody else.
    let bundles = with_engine(Behaviour::Lands, Some(delegate_of_jito())).await;
    bundles.stage.node.world(|world| world.set_lamports(&delegate_of_jito(), 10_000_000));
    bundles.falls_back_for("refused").await;
}

#[tokio::test]
async fn a_bundle_that_does_not_land_goes_to_the_node_for_what_the_engine_says_of_it() {
    for (behaviour, reason) in
        [(Behaviour::Pending, "not_landed"), (Behaviour::Fails, "failed"), (Behaviour::Forgets, "invalid")]
    {
        let bundles = with_engine(behaviour, None).await;
        bundles.falls_back_for(reason).await;
        assert_eq!(bundles.methods(), ["getTipAccounts", "sendBundle", "getInflightBundleStatuses"]);
    }
}

#[tokio::test]
async fn an_engine_that_limits_or_babbles_is_done_without() {
    for (behaviour, reason) in [(Behaviour::Limits, "rate_limited"), (Behaviour::ProxyPage, "refused")] {
        with_engine(behaviour, None).await.falls_back_for(reason).await;
    }
}

#[tokio::test]
async fn an_engine_that_is_down_is_done_without() {
    let stage = Stage::new();
    stage.sol_falls_to(160);
    let mut config = stage.config();
    (config.jito.url, config.jito.tip_lamports) = (Some("http://127.0.0.1:1/api/v1/bundles".into()), 5_000);
    config.jito.tip_account = Some(delegate_of_jito().to_string());
    stage.node.world(|world| world.set_lamports(&delegate_of_jito(), 10_000_000));
    let context = stage.context(config).await;
    liquidate(&context).await;
    assert_eq!(context.metrics.refusals("liquidate", "bundle", "unreachable"), 1);
    assert_eq!(context.metrics.confirmed.with_label_values(&["liquidate"]).get(), 1);
    assert_eq!(solana_signer::Signer::pubkey(&delegate()), context.outbox.payer());
}

#[tokio::test]
async fn a_bundle_that_lands_after_it_was_given_up_is_not_executed_again() {
    let bundles = with_engine(Behaviour::Pending, None).await;
    // The node drops what it is sent; the bundle's transaction lands late, by the engine.
    bundles.stage.node.faults(|faults| faults.dropped = u32::MAX);
    let context = bundles.context.clone();
    let running = tokio::spawn(async move { liquidate(&context).await });
    until("it is given up", || bundles.refused("not_landed") == 1 && bundles.stage.node.calls("sendTransaction") > 0)
        .await;
    let params =
        bundles.shared.lock().unwrap().asked.iter().find(|(method, _)| method == "sendBundle").unwrap().1.clone();
    let late = signed(params[0][0].as_str().unwrap()).unwrap();
    bundles.stage.node.chain(|chain| chain.take_bundle(&[late])).unwrap();
    running.await.unwrap();
    assert_eq!((bundles.confirmed(), bundles.stage.node.chain(|chain| chain.succeeded())), (1, 1));
}
