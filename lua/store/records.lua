-- The record of a job: header, lease, options, payload, history, in one string. The layout table
-- in lua/README.md and pyjobs/record.py mirror LAYOUT.

local flows = require("store.flows")
local keys = require("store.keys")
local limits = require("rules.limits")
local priorities = require("rules.priorities")
local root = require("store.root")
local rules = require("rules.options")
local states = require("rules.states")
local writes = require("store.writes")

local records = {}

local flags = states.flags

records.FORMAT = 1

-- format and state (four bits each), flags, queue, klass, epoch, attempt, place, priority (see
-- rules/priorities.lua), since, retries, left, errors, lost leases, history entries, and the
-- lengths of lease, options and payload.
records.LAYOUT = ">BHI3I3I4HI6I4I3I6HHBBHBHI3"

local TOKEN_AT, SIZE_AT = 10, 46 -- where epoch and attempt are, and the last of all

local LEASE = ">I6" -- popped at; the worker's name follows

-- The lease as a record holds it.
function records.lease(popped, worker)
  return struct.pack(LEASE, popped) .. worker
end

function records.want(step, jid)
  local unread = step.unread
  unread[#unread + 1] = jid
end

local function unpack_record(jid, text)
  -- luacheck: ignore 631 (one line, as the formatter has it)
  local kind, flag, queue, klass, epoch, attempt, place, high, low, since, retries, left, errors, lost, entries, lease_length, options_length, payload_length, from =
    struct.unpack(records.LAYOUT, text)
  local state = kind % 16
  local record = {
    jid = jid,
    format = (kind - state) / 16,
    state = state,
    flags = flag,
    queue = queue,
    klass = klass,
    epoch = epoch,
    attempt = attempt,
    place = place,
    priority = priorities.join(high, low),
    since = since,
    retries = retries,
    left = left,
    errors = errors,
    lost = lost,
    entries = entries,
    options = "",
    size = payload_length,
    packed = text,
    stored = text,
  }
  if lease_length > 0 then
    record.popped, record.worker = records.holder(text, from, lease_length)
    from = from + lease_length
  end
  if options_length > 0 then
    record.options = string.sub(text, from, from + options_length - 1)
    from = from + options_length
  end
  record.rest = string.sub(text, from)
  return record
end

-- Of a stored text: state, queue and token of the lease.
function records.lease_of(text)
  local kind, _, queue = struct.unpack(">BHI3", text)
  return kind % 16, queue, string.sub(text, TOKEN_AT, TOKEN_AT + 5)
end

-- Of a stored text: when the job was popped and by whom. from, length: where that stands.
function records.holder(text, from, length)
  return (struct.unpack(LEASE, text, from)), string.sub(text, from + 6, from + length - 1)
end

-- Whether a stored text has the flag RULED; the flags are its second and third byte.
function records.ruled(text)
  return bit.band(string.byte(text, 2), flags.RULED / 256) ~= 0
end

-- Of a stored text or nil: the number of the queue in whose bytes it is counted, and its own; or
-- nil when it is not.
function records.weighed(text)
  if not text then
    return nil
  end
  local _, flag, queue = struct.unpack(">BHI3", text)
  return bit.band(flag, flags.WEIGHED) ~= 0 and { queue = queue, size = records.size(text) } or nil
end

-- The length of the payload of a stored text.
function records.size(text)
  return (struct.unpack(">I3", text, SIZE_AT))
end

-- A record of a jid that is not known yet. number: a fresh one of the sequence, for the epoch.
-- Every field is named, since a table that grows is paid for again at each size.
function records.new(jid, number)
  return {
    jid = jid,
    format = records.FORMAT,
    state = 0,
    flags = 0,
    queue = 0,
    klass = 0,
    epoch = number % 4294967296,
    attempt = 0,
    place = 0,
    priority = 0,
    since = 0,
    retries = 0,
    left = 0,
    errors = 0,
    lost = 0,
    entries = 0,
    options = "",
    rest = "",
    size = 0,
    packed = nil,
    stored = nil,
    dirty = nil,
  }
end

-- The stored texts of records, in one call; false for one that is absent.
function records.texts(step, jids)
  if #jids == 1 then
    return { redis.call("GET", keys.job(step, jids[1])) }
  elseif #jids == 0 then
    return jids
  end
  local names = {}
  for position = 1, #jids do
    names[position] = keys.job(step, jids[position])
  end
  return redis.call("MGET", unpack(names))
end

-- Reads all wanted records.
function records.read(step)
  local unread, known = step.unread, step.records
  if #unread == 0 then
    return
  end
  local texts = records.texts(step, unread)
  for position = 1, #unread do
    local jid = unread[position]
    if known[jid] == nil then
      known[jid] = texts[position]
    end
  end
  step.unread = {}
end

-- Stores a record that was changed as a text.
function records.store(step, jid, text)
  step.records[jid] = text
  writes.store(step, keys.job(step, jid), text)
end

local function found(step, jid)
  local record = step.records[jid]
  if record == nil then
    records.want(step, jid)
    records.read(step)
    record = step.records[jid]
  end
  return record
end

-- The record of a job, or nil. A trace of an erased job is a record with the flag TRACE.
function records.get(step, jid)
  local record = found(step, jid)
  if type(record) == "string" then
    record = unpack_record(jid, record)
    step.records[jid] = record
  end
  return record or nil
end

-- The same as the text that is or will be stored.
function records.text(step, jid)
  local record = found(step, jid)
  return type(record) == "table" and records.pack(record) or record or nil
end

-- As get, but a trace counts as nothing.
function records.live(step, jid)
  local record = records.get(step, jid)
  if record and not records.has(record, flags.TRACE) then
    return record
  end
  return nil
end

function records.has(record, flag)
  return bit.band(record.flags, flag) ~= 0
end

function records.raise(record, flag)
  record.flags = bit.bor(record.flags, flag)
end

function records.lower(record, flag)
  record.flags = bit.band(record.flags, bit.bnot(flag))
end

-- Counts an error or a lost lease; the header has one byte for each.
function records.count(record, field)
  record[field] = math.min(record[field] + 1, 255)
end

function records.options(record)
  if record.options == "" then
    return {}
  end
  return cmsgpack.unpack(record.options)
end

-- The same, read once and not to be changed, for what the doors go by.
function records.ruling(record)
  local ruling = record.ruling
  if not ruling then
    ruling = records.options(record)
    record.ruling = ruling
  end
  return ruling
end

function records.set_options(record, options)
  record.ruling = nil
  if not records.has(record, flags.REVOKED) then
    records.lower(record, flags.RULED)
  end
  for name in pairs(options) do
    local rule = rules[name]
    if rule and rule.ruled then
      records.raise(record, flags.RULED)
    end
  end
  record.options = next(options) and cmsgpack.pack(options) or ""
end

-- Where the history begins in `rest`: behind the payload, unless that has a key of its own.
function records.history(record)
  return records.has(record, flags.PAYLOAD) and 1 or record.size + 1
end

-- Gives a record its payload; a large one goes to a key of its own.
function records.set_payload(step, record, payload)
  local size = #payload
  if size > limits.INLINE then
    writes.store(step, keys.payload(step, record.jid), payload)
    record.rest = string.sub(record.rest, records.history(record))
    records.raise(record, flags.PAYLOAD)
  else
    record.rest = payload .. string.sub(record.rest, records.history(record))
    if records.has(record, flags.PAYLOAD) then
      writes.drop(step, keys.payload(step, record.jid))
      records.lower(record, flags.PAYLOAD)
    end
  end
  record.size = size
end

-- Drops the payload, wherever it is.
function records.drop_payload(step, record)
  records.set_payload(step, record, "")
end

-- The record is stored when the step is flushed.
function records.save(step, record)
  record.packed = nil
  if not record.dirty then
    record.dirty = true
    local dirty = step.dirty
    dirty[#dirty + 1] = record
  end
  step.records[record.jid] = record
end

function records.pack(record)
  local packed = record.packed
  if packed then
    return packed
  end
  local lease = ""
  if record.worker then
    lease = records.lease(record.popped, record.worker)
  end
  local high, low = priorities.split(record.priority)
  packed = struct.pack(
    records.LAYOUT,
    record.format * 16 + record.state,
    record.flags,
    record.queue,
    record.klass,
    record.epoch,
    record.attempt,
    record.place,
    high,
    low,
    record.since,
    record.retries,
    record.left,
    record.errors,
    record.lost,
    record.entries,
    #lease,
    #record.options,
    record.size
  ) .. lease .. record.options .. record.rest
  record.packed = packed
  return packed
end

-- Gathers the dirty records into the step's writes. What is dropped leaves nothing; what is left
-- as a trace goes by itself.
function records.flush(step)
  local dirty = step.dirty
  if #dirty == 0 then
    return
  end
  for position = 1, #dirty do
    local record = dirty[position]
    record.dirty = nil
    if record.flags >= flags.RULED then -- the highest flags are those of the newest format
      root.raise(step)
    end
    if bit.band(record.flags, flags.FLOW) ~= 0 then
      flows.note(step, record)
    end
    if record.dropped then
      writes.drop(step, keys.job(step, record.jid))
    elseif record.lifetime then
      redis.call("SET", keys.job(step, record.jid), records.pack(record), "PX", record.lifetime)
    else
      writes.store(step, keys.job(step, record.jid), records.pack(record))
    end
  end
  step.dirty = {}
end

return records
