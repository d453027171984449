// Loaded before an original room server (node --require): every HTTP request it
// sends out is answered here instead of by the cloud, and noted, one JSON object
// a line, in the file named by CLOUD_LOG. Nothing leaves the machine.
'use strict'
const fs = require('fs')
const http = require('http')
const https = require('https')
const querystring = require('querystring')

const OK = { ActionStatus: 'OK', ErrorInfo: '', ErrorCode: 0 }

function answer (path) {
  if (path.includes('Live_Channel_GetStatus')) {
    return { ret: 0, retcode: 0, errmsg: 'ok', output: [{ rate_type: 0, recv_type: 1, status: 1 }] }
  }
  if (path.includes('mix_streamv2')) {
    return { code: 0, message: 'Success!', timestamp: 1500000000 }
  }
  return OK
}

const cloud = http.createServer((request, response) => {
  let body = ''
  request.on('data', (chunk) => { body += chunk })
  request.on('end', () => {
    const note = { method: request.method, host: request.headers.host, url: request.url, body: querystring.unescape(body) }
    fs.appendFileSync(process.env.CLOUD_LOG, JSON.stringify(note) + '\n')
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(answer(request.url)))
  })
})
cloud.listen(0, '127.0.0.1')
cloud.unref()

const send = http.request
function redirected (options, callback) {
  const host = options.host || options.hostname
  const { port } = cloud.address()
  const changed = Object.assign({}, options, {
    host: '127.0.0.1',
    hostname: '127.0.0.1',
    port,
    protocol: 'http:',
    agent: new http.Agent(),
    headers: Object.assign({}, options.headers, { host })
  })
  return send.call(http, changed, callback)
}
http.request = redirected
https.request = redirected
