// Another editor of a list of lines: the official clients, unmodified, told what to do line by line.
//
//     node ex_editor.js PORT-FILE EXTENSION
//
// {"put":["101","102"]}  these lines, the reserved ones before them  -> {"put":200}
// {"news":N}             waits until that many changes of the list were told -> {"news":N}
// {"get":true}           the lines, without the reserved ones -> {"get":["101"]}
// A refusal is {"refused":STATUS,"body":...}. Says {"ready":true} once it is signed in and subscribed.
'use strict';
const fs = require('fs');
const readline = require('readline');
const RingCentral = require('@rc-ex/core').default;
const WebSocketExtension = require('@rc-ex/ws').default;

const port = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const account = '/restapi/v1.0/account/~';
const line = `${account}/extension/~/presence/line`;
const say = what => console.log(JSON.stringify(what));
let news = 0;

async function lines(rc) {
    return (await rc.get(line, {perPage: 1000})).data.records;
}

async function put(rc, extensions) {
    const people = (await rc.get(`${account}/directory/entries`, {perPage: 2000, showFederated: false})).data.records;
    const reserved = (await lines(rc)).filter(l => l.notEditableOnHud);
    const body = reserved.map(l => ({id: l.id, extension: {id: l.extension.id}}));
    extensions.forEach((extension, i) => body.push({id: String(reserved.length + 1 + i),
        extension: {id: people.find(p => p.extensionNumber === extension).id}}));
    return (await rc.put(line, body)).status;
}

async function answer(rc, told) {
    if (told.put) return {put: await put(rc, told.put)};
    if (told.get) {
        return {get: (await lines(rc)).filter(l => !l.notEditableOnHud).map(l => l.extension.extensionNumber)};
    }
    for (const end = Date.now() + 20000; news < told.news && Date.now() < end;) {
        await new Promise(resolve => setTimeout(resolve, 20));
    }
    return {news};
}

(async () => {
    const rc = new RingCentral({server: `http://127.0.0.1:${port.port}`, clientId: port.client_id,
        clientSecret: port.client_secret});
    await rc.authorize({jwt: port.jwt.replace(`jwt-${port.supervisor}-`, `jwt-${process.argv[3]}-`)});
    const wsx = new WebSocketExtension({});
    await rc.installExtension(wsx);
    await wsx.subscribe([line], () => { news++; });
    say({ready: true});
    for await (const text of readline.createInterface({input: process.stdin})) {
        try {
            say(await answer(rc, JSON.parse(text)));
        } catch (e) {
            say({refused: e.response && e.response.status, body: e.response ? e.response.data : String(e.stack)});
        }
    }
    process.exit(0);
})();
