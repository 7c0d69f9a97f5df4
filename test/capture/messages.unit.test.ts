import assert from 'node:assert/strict'
import {describe, it} from 'vitest'
import {facts, ofType, scene, start, the, typesOf} from './scene.ts'

const key = 'agent:main:telegram:direct:7'
const channel = {channelId: 'telegram', conversationId: '7', sessionKey: key}
const typed = {from: '7', content: 'hi', messageId: '12', sessionKey: key}
const internal = {sessionKey: key, timestamp: new Date(start - 2), context: {...typed, ...channel, cfg: {token: 'T'}}}

describe('a message', () => {
  it('that two hooks of the host tell of is recorded once, from whichever comes first', () => {
    for (const order of [0, 1]) {
      const made = scene()
      const tell = [
        () => made.hook('message_received', {...typed}, {...channel}),
        () => made.hook('message:received', {...internal}),
      ]
      tell[order]?.()
      tell[1 - order]?.()
      const event = the(made.events, 'message.received')
      const {content, channelId, conversationId, messageId} = event.data
      assert.deepEqual(
        {content, channelId, conversationId, messageId, agentId: event.agentId, sessionKey: event.sessionKey},
        {content: 'hi', channelId: 'telegram', conversationId: '7', messageId: '12', agentId: 'main', sessionKey: key},
      )
    }
  })

  it('without an id is joined by its text and time, and said again it is another one', () => {
    const made = scene()
    const bare = {from: '7', content: 'ok', sessionKey: key}
    const tell = () => {
      made.hook('message_received', {...bare}, {...channel})
      made.hook('message:received', {sessionKey: key, context: {...bare, ...channel}})
    }
    tell()
    tell()
    made.clock.now += 60_000
    tell()
    assert.equal(ofType(made.events, 'message.received').length, 3)
  })

  it('that was edited under its id is another event, and a copy of it none', () => {
    const made = scene()
    for (const content of ['hi', 'hi', 'hi there', 'hi there']) {
      made.hook('message_received', {...typed, content}, {...channel})
      made.hook('message:received', {sessionKey: key, context: {...typed, content, ...channel}})
    }
    assert.deepEqual(
      ofType(made.events, 'message.received').map(({data}) => data['content']),
      ['hi', 'hi there'],
    )
  })

  it('of another chat with the same id is another message', () => {
    const made = scene()
    made.hook('message_received', {...typed}, {...channel})
    made.hook('message_received', {...typed}, {...channel, conversationId: '8'})
    assert.equal(ofType(made.events, 'message.received').length, 2)
  })

  it('that is media without text is kept, with everything the host says of it', () => {
    const made = scene()
    const media = [{type: 'image', path: '/tmp/a.png', mimeType: 'image/png'}]
    made.hook('message_received', {from: '', messageId: '13', sessionKey: key, media, location: {lat: 1}}, {...channel})
    made.hook('message_received', {from: '7', content: '', messageId: '14', sessionKey: key, media}, {...channel})
    const [first, second] = ofType(made.events, 'message.received')
    assert.deepEqual([first?.data['media'], first?.data['location'], second?.data['media']], [media, {lat: 1}, media])
  })

  it('keeps fields that nobody knows, and nothing of the host’s configuration', () => {
    const made = scene()
    made.hook('message:received', {...internal, context: {...internal.context, novel: [1], pluginConfig: {a: 1}}})
    const {data, timestamp} = the(made.events, 'message.received')
    assert.deepEqual([data['novel'], data['cfg'], data['pluginConfig']], [[1], undefined, undefined])
    assert.equal(timestamp, new Date(start - 2).toISOString())
  })

  it('has one correlation from the channel to the answer', () => {
    const made = scene()
    const id = '51e6e5f2-871a-4dd2-9031-747f346d9bc3'
    made.hook('message_received', {...typed, messageId: id}, {...channel})
    made.hook('message:preprocessed', {sessionKey: key, context: {...channel, messageId: id, body: 'hi'}})
    made.hook('message_sending', {to: '7', content: 'yes'}, {...channel})
    made.hook('message_sent', {to: '7', content: 'yes', success: true, messageId: '99'}, {...channel})
    made.hook('message:sent', {sessionKey: key, context: {to: '7', content: 'yes', messageId: '99', ...channel}})
    const events = facts(made.events)
    assert.deepEqual(typesOf(events), ['message.received', 'message.preprocessed', 'message.sending', 'message.sent'])
    assert.deepEqual([...new Set(events.map(({correlationId}) => correlationId))], [id])
  })

  it('of a channel that counts from one is not taken for another chat’s', () => {
    const made = scene()
    made.hook('message_received', {...typed}, {...channel})
    assert.equal(the(made.events, 'message.received').correlationId, `${key}:12`)
  })

  it('that could not be sent says why', () => {
    const made = scene()
    made.hook('message_sent', {to: '7', content: 'x', success: false, error: 'blocked by user'}, {...channel})
    const event = the(made.events, 'message.sent')
    assert.deepEqual([event.error?.message, event.data['success']], ['blocked by user', false])
  })
})
