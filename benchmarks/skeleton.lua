#!lua name=skeleton
-- A queue without any semantics: what put, pop and complete cost when nothing is checked, counted,
-- remembered or told. keys: the prefix of its keys.

local LEASE = 60000

local function job(keys, jid)
  return keys[1] .. "job:" .. jid
end

local function waiting(keys)
  return keys[1] .. "waiting"
end

local function running(keys)
  return keys[1] .. "running"
end

local function lease_end()
  local time = redis.call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000) + LEASE
end

-- args: jid, payload
local function put(keys, args)
  redis.call("SET", job(keys, args[1]), args[2])
  redis.call("ZADD", waiting(keys), 0, args[1])
  return "created"
end

-- Returns jid and payload, or nothing.
local function pop(keys)
  local jid = redis.call("ZPOPMIN", waiting(keys))[1]
  if not jid then
    return {}
  end
  redis.call("ZADD", running(keys), lease_end(), jid)
  return { jid, redis.call("GET", job(keys, jid)) }
end

-- args: jid
local function complete(keys, args)
  redis.call("ZREM", running(keys), args[1])
  redis.call("DEL", job(keys, args[1]))
  return "complete"
end

-- args: jid and payload of each job
local function put_many(keys, args)
  for position = 1, #args, 2 do
    put(keys, { args[position], args[position + 1] })
  end
  return #args / 2
end

-- args: how many to pop, then the jids to complete. Returns jid and payload of each job.
local function turn(keys, args)
  for position = 2, #args do
    complete(keys, { args[position] })
  end
  local popped = redis.call("ZPOPMIN", waiting(keys), args[1])
  local ending = lease_end()
  local answer = {}
  for position = 1, #popped, 2 do
    local jid = popped[position]
    redis.call("ZADD", running(keys), ending, jid)
    answer[position], answer[position + 1] = jid, redis.call("GET", job(keys, jid))
  end
  return answer
end

-- The same with one redis call for all jobs wherever there is such a one.

local function put_grouped(keys, args)
  local records, members = {}, {}
  for position = 1, #args, 2 do
    records[position], records[position + 1] = job(keys, args[position]), args[position + 1]
    members[position], members[position + 1] = 0, args[position]
  end
  redis.call("MSET", unpack(records))
  redis.call("ZADD", waiting(keys), unpack(members))
  return #args / 2
end

local function complete_grouped(keys, jids)
  local records = {}
  for position = 1, #jids do
    records[position] = job(keys, jids[position])
  end
  redis.call("ZREM", running(keys), unpack(jids))
  redis.call("DEL", unpack(records))
end

local function turn_grouped(keys, args)
  local count = table.remove(args, 1)
  if #args > 0 then
    complete_grouped(keys, args)
  end
  local popped = redis.call("ZPOPMIN", waiting(keys), count)
  if #popped == 0 then
    return {}
  end
  local ending = lease_end()
  local records, members = {}, {}
  for position = 1, #popped, 2 do
    records[#records + 1] = job(keys, popped[position])
    members[position], members[position + 1] = ending, popped[position]
  end
  redis.call("ZADD", running(keys), unpack(members))
  local payloads = redis.call("MGET", unpack(records))
  local answer = {}
  for position = 1, #payloads do
    answer[2 * position - 1], answer[2 * position] = popped[2 * position - 1], payloads[position]
  end
  return answer
end

redis.register_function("skeleton_put", put)
redis.register_function("skeleton_pop", pop)
redis.register_function("skeleton_complete", complete)
redis.register_function("skeleton_put_many", put_many)
redis.register_function("skeleton_turn", turn)
redis.register_function("skeleton_put_grouped", put_grouped)
redis.register_function("skeleton_turn_grouped", turn_grouped)
