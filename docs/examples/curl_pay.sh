#!/bin/sh
# Plain HTTP: have a checkout filled with curl, approval first.
#
#     sh curl_pay.sh agent.json card_… https://shop.example/checkout 4990 "Paper for the office"
#
# No secret is ever an argument: arguments can be read by others on the machine. The details token goes
# from one curl to the next through a pipe.
set -eu
umask 077

config=$1 card=$2 page=$3 amount=$4 purpose=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

setting() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$config" "$1"; }
member() { python3 -c 'import json, sys; value = json.load(sys.stdin)[sys.argv[1]]; print("" if value is None else value)' "$1"; }
object() { python3 -c 'import json, sys; print(json.dumps(dict(zip(sys.argv[1::2], sys.argv[2::2]))))' "$@"; }

ledger=$(setting ledgerUrl) broker=$(setting brokerUrl)
ca=$(cd "$(dirname "$config")" && realpath "$(setting caFile)")
printf 'Api-Key: %s\n' "$(setting agentToken)" > "$work/ledger"
printf 'Authorization: Bearer %s\n' "$(setting brokerCredential)" > "$work/broker"

call() { # call WHO URL [curl options]; a body comes on standard input
  who=$1 url=$2
  shift 2
  curl --silent --show-error --fail-with-body --cacert "$ca" --header "@$work/$who" --header 'Content-Type: application/json' "$@" "$url"
}

# 1. Say what is to be bought.
intent=$(python3 -c 'import json, sys; print(json.dumps({"summary": sys.argv[1], "expectedAmount": int(sys.argv[2])}))' "$purpose" "$amount" |
  call ledger "$ledger/v1/cards/$card/intents" --data @- | member id)

# 2. Ask for a release on the page; a person, or a rule they made, decides.
release=$(object intentId "$intent" pageUrl "$page" purpose "$purpose" | call broker "$broker/v1/releases" --data @- | member id)
status=pending
while [ "$status" = pending ]; do
  status=$(call broker "$broker/v1/releases/$release?wait=60" | member status)
done

# 3. Approved: the token is made now and given at once. It works once, for 120 seconds.
if [ "$status" = approved ]; then
  object summary "$purpose" intentId "$intent" | call ledger "$ledger/v1/cards/$card/details" --data @- |
    python3 -c 'import json, sys; print(json.dumps({"detailsToken": json.load(sys.stdin)["detailsToken"]}))' |
    call broker "$broker/v1/releases/$release/token" --data @- > "$work/given"
fi

# 4. How it stands: to be submitted, or over, which is when there is an outcome.
look() { # look ready|finished
  call broker "$broker/v1/releases/$release?wait=60&until=$1" > "$work/stands"
  status=$(member status < "$work/stands") outcome=$(member outcome < "$work/stands")
}
look ready
while [ -z "$outcome" ] && [ "$status" != paying ]; do sleep 1; look ready; done

# 5. The form holds stand-ins: submit the page now, the real card goes in on the way. Only then is it known how that ended.
if [ "$status" = paying ]; then
  for name in message nextStep; do member "$name" < "$work/stands"; done
  while [ -z "$outcome" ]; do look finished; done
fi

# 6. How it ended: the outcome, a sentence, the next step. With `filled` the card itself is in the form: submit the page.
for name in outcome message nextStep; do member "$name" < "$work/stands"; done
