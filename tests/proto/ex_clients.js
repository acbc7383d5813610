// The official clients against `callhud exchange`: node ex_clients.js PORT-FILE. Prints TAP.
'use strict';
const fs = require('fs');
const RingCentral = require('@rc-ex/core').default;
const WebSocketExtension = require('@rc-ex/ws').default;
const SDK = require('@ringcentral/sdk').SDK;
const Subscriptions = require('@ringcentral/subscriptions').Subscriptions;
const {RingCentralCallControl} = require('ringcentral-call-control');

const port = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const base = `http://127.0.0.1:${port.port}`;
const jwtOf = extension => port.jwt.replace(`jwt-${port.supervisor}-`, `jwt-${extension}-`);
const account = '/restapi/v1.0/account/~';
let failed = 0;

function ok(name, isGood, what) {
    console.log(`${isGood ? 'ok' : 'not ok'} - ${name}`);
    if (!isGood) {
        failed++;
        if (what !== undefined) console.log(`# ${JSON.stringify(what)}`.slice(0, 2000));
    }
}
function equal(name, got, want) {
    ok(name, JSON.stringify(got) === JSON.stringify(want), {got, want});
}
const sleep = ms => new Promise(resolve => setTimeout(resolve, ms));
async function until(get, ms = 5000) {
    for (const end = Date.now() + ms; Date.now() < end; await sleep(10)) {
        const value = await get();
        if (value) return value;
    }
    return undefined;
}
async function control(method, path, body) {
    const answer = await fetch(base + path, {
        method,
        headers: {authorization: `Bearer ${port.control_token}`, 'content-type': 'application/json'},
        body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
}
const userState = async extension =>
    (await control('GET', '/exchange/state')).users.find(u => u.extension === extension);
const callStates = async extension => (await userState(extension)).calls.map(c => c.state);
async function refusal(promise) {
    try {
        await promise;
    } catch (e) {
        return {status: e.response.status, body: e.response.data};
    }
    return {};
}

// ---- @rc-ex/core and @rc-ex/ws, as the supervisor ------------------------------------------------

async function withCore() {
    const rc = new RingCentral({server: base, clientId: port.client_id, clientSecret: port.client_secret});
    const token = await rc.authorize({jwt: port.jwt});
    ok('core: signs in', token.access_token && token.expires_in === 3600, token);
    const me = (await rc.get(`${account}/extension/~`)).data;
    equal('core: the token is the supervisor\'s', [String(me.id), me.extensionNumber],
        [token.owner_id, port.supervisor]);

    const wsx = new WebSocketExtension({autoRecover: {enabled: true, checkInterval: () => 300}});
    const recoveries = [];
    wsx.eventEmitter.on('autoRecoverSuccess', () => recoveries.push('Successful'));
    wsx.eventEmitter.on('autoRecoverFailed', () => recoveries.push('Failed'));
    await rc.installExtension(wsx);
    const details = wsx.connectionDetails;
    equal('ws: ConnectionDetails', [details.recoveryTimeout, details.recoveryBufferSize,
        details.idleTimeout, details.absoluteTimeout, details.maxActiveRequests, details.recoveryState],
    [180, 100, 1800, 86400, 10, undefined]);

    const events = [];
    const detailed = '?detailedTelephonyState=true&sipData=true';
    const filters = [`${account}/extension/~/presence/line`,
        `${account}/extension/~/presence/line/presence${detailed}`, `${account}/telephony/sessions`];
    const subscription = await wsx.subscribe(filters, event => events.push(event));
    const info = subscription.subscriptionInfo;
    ok('ws: filters come back with ids', info.eventFilters.length === 3 && !info.disabledFilters &&
        info.eventFilters.every(f => !f.includes('~')) && info.status === 'Active', info);

    const presenceOf = (id, telephonyStatus) => events.find(e => /\/presence\?/.test(e.event) &&
        String(e.body.extensionId) === String(id) && e.body.telephonyStatus === telephonyStatus);
    const partyOf = (id, code) => events.find(e => e.event.endsWith('/telephony/sessions') &&
        e.body.parties.some(p => p.extensionId === String(id) && p.status.code === code));
    const list = (await rc.get(`${account}/extension`, {perPage: 1000, status: 'Enabled', type: 'User'})).data;
    const idOf = extension => list.records.find(r => r.extensionNumber === extension).id;

    await seesACall(rc, {events, presenceOf, partyOf, id: idOf('101')});
    await actsOnCalls(rc, wsx, {idOf, partyOf, events});
    await readsAndWrites(rc, wsx, {events, idOf});
    await losesTheSocket(rc, wsx, {events, presenceOf, recoveries, idOf});

    const uuids = events.map(e => e.uuid);
    equal('ws: no notification came twice', new Set(uuids).size, uuids.length);
    const sequences = {};
    ok('ws: presence sequences rise', events.filter(e => e.body.sequence && e.body.extensionId).every(e => {
        const isHigher = !(sequences[e.body.extensionId] >= e.body.sequence);
        sequences[e.body.extensionId] = e.body.sequence;
        return isHigher;
    }));
    await wsx.revoke();
    await rc.revoke();
    equal('core: revoked', (await refusal(rc.get(`${account}/extension/~`))).status, 401);
}

async function seesACall(rc, {events, presenceOf, partyOf, id}) {
    const call = await control('POST', '/exchange/calls', {from: '+17778732492', to: '101'});
    const ring = await until(() => presenceOf(id, 'Ringing'));
    const active = ring && ring.body.activeCalls[0];
    ok('ws: a call rings', active && active.from === '+17778732492' && active.direction === 'Inbound' &&
        active.telephonyStatus === 'Ringing' && ring.body.totalActiveCalls === 1, ring);
    ok('ws: sipData while it rings', active && active.sipData.toTag === 'blf' &&
        active.sipData.fromTag === active.partyId, active);
    ok('ws: the session says Proceeding', await until(() => partyOf(id, 'Proceeding')));
    const session = (await rc.get(`${account}/telephony/sessions/${active.telephonySessionId}`)).data;
    ok('core: GET session', session.parties.some(p => p.id === active.partyId &&
        p.status.code === 'Proceeding'), session);
    for (const [action, word, code] of [['answer', 'CallConnected', 'Answered'], ['hold', 'OnHold', 'Hold'],
        ['unhold', 'CallConnected', 'Answered'], ['hangup', 'NoCall', 'Disconnected']]) {
        events.length = 0;
        await control('POST', `/exchange/calls/${call.id}/${action}`);
        ok(`ws: ${action} is ${word}`, await until(() => presenceOf(id, word)), events);
        ok(`ws: ${action} is ${code}`, await until(() => partyOf(id, code)), events);
        const presence = (await rc.get(`${account}/extension/${id}/presence`,
            {detailedTelephonyState: true})).data;
        equal(`core: GET presence after ${action}`, [presence.telephonyStatus,
            presence.activeCalls.length], [word, word === 'NoCall' ? 0 : 1]);
    }
}

async function actsOnCalls(rc, wsx, {idOf, partyOf, events}) {
    const device = (await rc.get(`${account}/extension/~/device`)).data.records
        .find(d => d.status === 'Online');
    ok('core: a device is online', device && device.id === port.device, device);
    const id = idOf('102');
    const call = await control('POST', '/exchange/calls', {from: '+17778732493', to: '102'});
    await control('POST', `/exchange/calls/${call.id}/answer`);
    const at = await until(async () => (await rc.get(`${account}/extension/${id}/presence`,
        {detailedTelephonyState: true})).data.activeCalls[0]);
    const path = `${account}/telephony/sessions/${at.telephonySessionId}`;
    const held = (await rc.post(`${path}/parties/${at.partyId}/hold`)).data;
    equal('core: hold', [held.status.code, await callStates('102')], ['Hold', ['held']]);
    const back = (await rc.post(`${path}/parties/${at.partyId}/unhold`)).data;
    equal('core: unhold', [back.status.code, await callStates('102')], ['Answered', ['connected']]);
    const heard = await rc.post(`${path}/supervise`,
        {mode: 'Listen', supervisorDeviceId: port.device, agentExtensionId: String(id)});
    equal('core: supervise is 201', heard.status, 201);
    await control('POST', `/exchange/devices/${port.device}/answer`).catch(() => undefined);
    ok('state: the supervisor listens', await until(async () => (await control('GET', '/exchange/state'))
        .supervisions.some(s => s.extension === '102' && s.mode === 'listen')));
    ok('ws: the leg is Gone, Supervising', await until(() => events.some(e =>
        (e.body.parties || []).some(p => p.status.code === 'Gone' && p.status.reason === 'Supervising' &&
            p.status.peerId))), events.filter(e => e.body.parties).map(e => e.body.parties[0].status));
    equal('core: a second supervision of the call is refused', (await refusal(rc.post(`${path}/supervise`,
        {mode: 'Listen', supervisorDeviceId: 'nowhere', agentExtensionId: String(id)}))).status >= 400, true);
    equal('core: the call is ended', (await rc.delete(path)).status, 204);
    ok('state: it is over', await until(async () => (await callStates('102')).length === 0));
    ok('ws: Disconnected', await until(() => partyOf(id, 'Disconnected')));
    equal('core: afterwards it is not found', (await refusal(rc.post(
        `${path}/parties/${at.partyId}/hold`))).status >= 404, true);
}

async function readsAndWrites(rc, wsx, {events, idOf}) {
    const own = `${account}/extension/~/presence`;
    const busy = await wsx.request('PUT', own, {userStatus: 'Busy', message: 'at the desk'});
    equal('ws: PUT presence', [busy.status, busy.data.userStatus, busy.data.message],
        [200, 'Busy', 'at the desk']);
    equal('core: GET presence', (await rc.get(own)).data.userStatus, 'Busy');
    await rc.put(own, {userStatus: 'Available'});

    const lines = (await wsx.request('GET', `${own}/line`, undefined, {page: 1, perPage: 1000})).data;
    const reserved = lines.records.filter(r => r.notEditableOnHud);
    ok('ws: GET lines', reserved.length > 0 && lines.records.length > reserved.length &&
        lines.paging.totalElements === lines.records.length, lines.paging);
    const wanted = lines.records.map(r => ({id: r.id, extension: {id: r.extension.id}}));
    const shorter = wanted.slice(0, -1);
    events.length = 0;
    const put = await wsx.request('PUT', `${own}/line`, shorter);
    equal('ws: PUT lines', put.status, 200);
    ok('ws: the change of the list is told', await until(() => events.some(e =>
        e.event.endsWith('/presence/line'))), events.map(e => e.event));
    equal('core: GET lines gives what was put', (await rc.get(`${own}/line`)).data.records
        .map(r => String(r.extension.id)), shorter.map(r => String(r.extension.id)));
    await rc.put(`${own}/line`, wanted);
    const wrapped = await refusal(wsx.request('PUT', `${own}/line`, {records: wanted}));
    equal('ws: PUT of an object is refused', [wrapped.status, wrapped.body.errors[0].errorCode],
        [400, 'CMN-101']);
    const stolen = wanted.map(r => r.id === reserved[0].id ?
        {id: r.id, extension: {id: String(idOf('101'))}} : r);
    const refused = await refusal(rc.put(`${own}/line`, stolen));
    equal('core: a reserved line stays', [refused.status, refused.body.errors[0].errorCode], [400, 'BLF-101']);
    equal('core: 404 is an error body', (await refusal(rc.get('/restapi/v1.0/nowhere'))).body.errors[0].errorCode,
        'CMN-120');
}

async function losesTheSocket(rc, wsx, {events, presenceOf, recoveries, idOf}) {
    events.length = 0;
    const first = wsx.ws;
    first.close();
    await until(() => first.readyState === first.CLOSED); // so the exchange knows it too
    const call = await control('POST', '/exchange/calls', {from: '+17778732494', to: '103'});
    ok('ws: recovers', await until(() => recoveries.length === 1), recoveries);
    equal('ws: the session goes on', [recoveries[0], wsx.connectionDetails.recoveryState],
        ['Successful', 'Successful']);
    ok('ws: what was missed comes', await until(() => presenceOf(idOf('103'), 'Ringing')), events);

    await control('POST', '/exchange/faults', {kind: 'drop-socket'});
    await control('POST', `/exchange/calls/${call.id}/hangup`);
    ok('ws: recovers from a torn connection', await until(() => recoveries.length === 2), recoveries);
    ok('ws: what was missed comes again', await until(() => presenceOf(idOf('103'), 'NoCall')), events);

    await control('POST', '/exchange/faults', {kind: 'lapse-subscription'});
    const old = wsx.subscription.subscriptionInfo.id;
    await wsx.subscription.refresh(); // PUT is 404 SUB-507, so it subscribes anew
    ok('ws: a lapsed subscription is made anew', wsx.subscription.subscriptionInfo.id !== old);
    await control('POST', '/exchange/faults', {kind: 'lapse-subscription'});
    wsx.ws.close();
    ok('ws: without a subscription there is nothing to recover', await until(() => recoveries.length === 3) &&
        recoveries[2] === 'Failed' && wsx.connectionDetails.recoveryErrorCode === 'WSG-1005', recoveries);
    events.length = 0;
    const again = await control('POST', '/exchange/calls', {from: '+17778732495', to: '103'});
    ok('ws: it subscribed again by itself', await until(() => presenceOf(idOf('103'), 'Ringing')), events);
    await control('POST', `/exchange/calls/${again.id}/hangup`);
    await wsx.pingServer();
    equal('ws: alive after a Heartbeat', (await wsx.request('GET', `${account}/extension/~`)).status, 200);
}

// ---- @ringcentral/sdk, @ringcentral/subscriptions, ringcentral-call-control ----------------------

async function signInSdk(extension) {
    const sdk = new SDK({server: base, clientId: port.client_id, clientSecret: port.client_secret});
    await sdk.platform().login({jwt: jwtOf(extension)});
    const subscription = new Subscriptions({sdk}).createSubscription();
    const callControl = new RingCentralCallControl({sdk});
    await new Promise(resolve => callControl.on('initialized', resolve));
    subscription.on(subscription.events.notification, m => callControl.onNotificationEvent(m));
    return {sdk, subscription, callControl};
}

async function withSdk() {
    const {sdk, subscription, callControl} = await signInSdk('104');
    subscription.setEventFilters([`${account}/extension/~/telephony/sessions`]);
    await subscription.register();
    ok('call-control: devices', callControl.devices.length > 0, callControl.devices);
    const call = await control('POST', '/exchange/calls', {from: '+17778732496', to: '104'});
    const session = await until(() => callControl.sessions[0]);
    ok('call-control: a new session', await until(() => session.party.status.code === 'Proceeding'),
        session && session.data);
    await control('POST', `/exchange/calls/${call.id}/answer`);
    ok('call-control: answered', await until(() => session.party.status.code === 'Answered'));
    await session.hold();
    equal('call-control: hold', [session.party.status.code, await callStates('104')], ['Hold', ['held']]);
    await session.unhold();
    equal('call-control: unhold', [session.party.status.code, await callStates('104')],
        ['Answered', ['connected']]);
    await session.mute();
    equal('call-control: mute', session.party.muted, true);
    await session.unmute();
    equal('call-control: unmute', session.party.muted, false);
    await session.drop();
    ok('call-control: hung up', await until(async () => (await callStates('104')).length === 0));

    const ringing = await control('POST', '/exchange/calls', {from: '+17778732497', to: '104'});
    const second = await until(() => callControl.sessions.find(s => s.id !== session.id &&
        s.party && s.party.status.code === 'Proceeding'));
    await second.answer({deviceId: callControl.devices[0].id});
    equal('call-control: answer', await callStates('104'), ['connected']);
    await control('POST', `/exchange/calls/${ringing.id}/hangup`);

    const before = await sdk.platform().auth().data();
    const after = (await sdk.platform().refresh()).status;
    equal('sdk: renews', [after, (await sdk.platform().auth().data()).access_token !==
        before.access_token], [200, true]);
    const presence = await (await sdk.platform().get(`${account}/extension/~/presence`)).json();
    equal('sdk: reads', presence.userStatus, 'Available');
    const put = await (await sdk.platform().put(`${account}/extension/~/presence`,
        {dndStatus: 'DoNotAcceptAnyCalls'})).json();
    equal('sdk: writes', [put.dndStatus, (await userState('104')).dnd], ['DoNotAcceptAnyCalls', true]);
    await sdk.platform().logout();
    equal('sdk: logged out', await sdk.platform().loggedIn(), false);
}

async function supervisesWithSdk() {
    const {sdk, subscription, callControl} = await signInSdk(port.supervisor);
    subscription.setEventFilters([`${account}/telephony/sessions`]);
    await subscription.register();
    const call = await control('POST', '/exchange/calls', {from: '+17778732498', to: '105'});
    await control('POST', `/exchange/calls/${call.id}/answer`);
    const session = await until(() => callControl.sessions[0]);
    const agent = (await userStateId(sdk, '105'));
    await session.supervise({mode: 'Listen', supervisorDeviceId: port.device, agentExtensionId: agent});
    await control('POST', `/exchange/devices/${port.device}/answer`).catch(() => undefined);
    ok('call-control: supervises', await until(async () => (await control('GET', '/exchange/state'))
        .supervisions.some(s => s.extension === '105' && s.mode === 'listen')));
    await control('POST', `/exchange/calls/${call.id}/hangup`);
    ok('state: it ends with the call', await until(async () => (await control('GET', '/exchange/state'))
        .supervisions.length === 0));
}
async function userStateId(sdk, extension) {
    const answer = await sdk.platform().get(`${account}/extension`, {extensionNumber: extension});
    return String((await answer.json()).records[0].id);
}

// ---- all ------------------------------------------------------------------------------------------

process.on('unhandledRejection', e => {
    ok('no client throws into the void', false, String(e && e.stack));
});
(async () => {
    for (const part of [withCore, withSdk, supervisesWithSdk]) {
        try {
            await part();
        } catch (e) {
            ok(`${part.name} runs through`, false, [String(e.stack), e.response && e.response.data]);
        }
    }
    const counters = await control('GET', '/exchange/faults');
    equal('no request was made during a penalty', counters.requests_in_penalty, 0);
    process.exit(failed ? 1 : 0);
})();
