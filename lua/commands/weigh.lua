-- weigh: the bytes that some jobs of a queue take, in one state.
--
-- Args: queue, state (a state's word), offset (in the order of the state's set), count (1 to
-- limits.JOBS).
-- Returns: {how many jobs were looked at, bytes of their payloads, bytes that are stored of them:
-- records, payloads and failures}. Fewer jobs than `count`: the set ends there. What the server
-- needs beside (names of keys, members of sets) is not in it.
-- Errors: INVALID. Cost: O(log n + count).

local arguments = require("rules.arguments")
local keys = require("store.keys")
local limits = require("rules.limits")
local queues = require("store.queues")
local records = require("store.records")
local sets = require("doors.sets")
local states = require("rules.states")

local weigh = {}

local flags = states.flags

function weigh.parse(step, args)
  arguments.count(args, 4)
  queues.want(step, arguments.name(args[1], "queue"))
  arguments.choice(args[2], "state", sets)
  return {
    queue = args[1],
    state = args[2],
    offset = arguments.integer(args[3], "offset", 0, limits.INTEGER),
    count = arguments.integer(args[4], "count", 1, limits.JOBS),
  }
end

-- Bytes that a job has in keys beside its record.
local function beside(step, jid, text)
  local _, flag = struct.unpack(">BH", text)
  local size = 0
  if bit.band(flag, flags.PAYLOAD) ~= 0 then
    size = records.size(text)
  end
  if bit.band(flag, flags.FAILURE) ~= 0 then
    size = size + redis.call("STRLEN", keys.failure(step, jid))
  end
  return size
end

function weigh.apply(step, request)
  local queue = queues.named(step, request.queue)
  if not queue then
    return { 0, 0, 0 }
  end
  local set = sets[request.state]
  local last = request.offset + request.count - 1
  local jids = redis.call("ZRANGE", set.key(step, queue), request.offset, last)
  for position = 1, #jids do
    jids[position] = string.sub(jids[position], set.jid)
  end
  local texts = records.texts(step, jids)
  local payload, stored = 0, 0
  for position = 1, #jids do
    local text = texts[position]
    if text then
      payload = payload + records.size(text)
      stored = stored + #text + beside(step, jids[position], text)
    end
  end
  return { #jids, payload, stored }
end

return weigh
