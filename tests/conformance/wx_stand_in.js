// Runs one original mini-program client, unmodified, outside its app.
//
//   node wx_stand_in.js FOLDER ROOM_SERVER IM_SERVER NAME
//
// FOLDER holds the original's getlogininfo.js.  What the app's platform offers (`wx`)
// is made here of node's own modules; requests to the IM cloud go to IM_SERVER, all
// other foreign ones nowhere.  Calls come as JSON lines on stdin, {"call","data"};
// what happens leaves as JSON lines on stdout, each with "is": call, event or http.
'use strict';
const http = require('http');
const Module = require('module');
const path = require('path');
const readline = require('readline');

const [folder, roomServer, imServer, name] = process.argv.slice(2);
const IM_CLOUD = 'https://webim.tim.qq.com';
const EVENTS = ['onGetPusherList', 'onPusherJoin', 'onPusherQuit', 'onPhserQuit',
  'onRoomClose', 'onRecvRoomTextMsg'];
const IM_STEP = /\/v\d\/(\w+\/\w+)/;

const tell = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');
for (const level of ['log', 'info', 'warn', 'error', 'debug']) console[level] = () => {};

// The originals name their neighbours without "./", as the app's loader allows.
const resolve = Module._resolveFilename;
Module._resolveFilename = function (wanted, parent, ...rest) {
  const beside = parent && parent.filename && path.join(path.dirname(parent.filename), wanted);
  if (/^[\w-]+\.js$/.test(wanted)) return resolve.call(this, beside, parent, ...rest);
  return resolve.call(this, wanted, parent, ...rest);
};

function address(url) {
  if (url.startsWith(IM_CLOUD)) return new URL(imServer + url.slice(IM_CLOUD.length));
  return url.startsWith(roomServer) ? new URL(url) : null;
}

function request(options) {
  const done = (outcome, value) => {
    if (options[outcome]) options[outcome](value);
    if (options.complete) options.complete(value);
  };
  const target = address(options.url);
  if (target === null) {
    setImmediate(done, 'fail', { errMsg: 'request:fail' });
    return { abort() {} };
  }
  const reading = (options.method || 'GET') === 'GET';
  const data = options.data || {};
  if (reading) Object.keys(data).forEach((key) => target.searchParams.set(key, data[key]));
  const sent = reading ? '' : typeof data === 'string' ? data : JSON.stringify(data);
  const headers = Object.assign({}, options.header, { 'content-length': Buffer.byteLength(sent) });
  const step = (IM_STEP.exec(target.pathname) || [])[1] || path.basename(target.pathname);
  const out = http.request(target, { method: options.method || 'GET', headers }, (answer) => {
    const parts = [];
    answer.on('data', (part) => parts.push(part));
    answer.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString());
      tell({ is: 'http', step, code: body.ErrorCode === undefined ? body.code : body.ErrorCode });
      done('success', { statusCode: answer.statusCode, data: body });
    });
  });
  out.on('error', (error) => done('fail', { errMsg: 'request:fail ' + error.message }));
  out.end(sent);
  return { abort: () => out.destroy(new Error('abort')) };
}

global.wx = {
  request,
  login: (options) => options.success({ code: 'code-' + name }),
  getUserInfo: (options) => options.success({ userInfo: { nickName: name } }),
  getSystemInfoSync: () => ({ version: '7', SDKVersion: '2', model: 'none', system: 'none' }),
};

const config = require(path.join(folder, 'config.js'));
Object.assign(config, { url: roomServer, serverUrl: roomServer, roomServiceUrl: roomServer });
const rtcroom = require(path.join(folder, 'utils', 'rtcroom.js'));
const { getLoginInfo } = require(path.join(folder, 'getlogininfo.js'));

rtcroom.setListener(Object.fromEntries(
  EVENTS.map((event) => [event, (value) => tell({ is: 'event', event, value })])
));

const calls = Object.assign({ getLoginInfo }, rtcroom);
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { call, data, options } = JSON.parse(line);
  const answered = (ok) => (value) => tell({ is: 'call', call, ok, value: value || null });
  calls[call](Object.assign({ data, success: answered(true), fail: answered(false) }, options));
}).on('close', () => process.exit(0));
tell({ is: 'event', event: 'ready', value: null });
