-- What a queue has of its own: caps and retention, one field of the root for each queue that has
-- any, a msgpack map of texts as people write them. The marks capped and keeps of the queue say
-- that there is something to be looked at.

local caps = require("rules.caps")
local root = require("store.root")
local settings = require("store.settings")

local own = {}

local function field(queue)
  return "settings:" .. queue.number
end

local function texts_of(step, queue)
  local texts = queue.own
  if not texts then
    local packed = root.get(step, field(queue))
    texts = packed and cmsgpack.unpack(packed) or {}
    queue.own = texts
  end
  return texts
end

-- The queue's own text, or nil.
function own.text(step, queue, name)
  return texts_of(step, queue)[name]
end

-- A cap that is in force; 0: none.
function own.cap(step, queue, name)
  return tonumber(texts_of(step, queue)[name] or caps[name].default)
end

-- A number in force: the queue's own, or that of all queues.
function own.value(step, queue, name)
  local text = queue.keeps and texts_of(step, queue)[name]
  return text and tonumber(text) or settings.value(step, name)
end

function own.milliseconds(step, queue, name)
  return math.floor(own.value(step, queue, name) * 1000 + 0.5)
end

-- Whether a queue has caps, and whether a retention of its own.
function own.marks(step, queue)
  local capped, keeps = false, false
  for known in pairs(texts_of(step, queue)) do
    capped = capped or caps[known] ~= nil
    keeps = keeps or caps[known] == nil
  end
  return capped, keeps
end

-- text: as people write it, or nil for what holds in all queues. Returns whether the queue is left
-- with caps, and whether with a retention of its own.
function own.set(step, queue, name, text)
  local texts = texts_of(step, queue)
  texts[name] = text
  if next(texts) then
    root.set(step, field(queue), cmsgpack.pack(texts))
  else
    root.drop(step, field(queue))
  end
  return own.marks(step, queue)
end

-- The value in force as people write it. queue: nil for one that is not known.
function own.shown(step, queue, name)
  local text = queue and (queue.capped or queue.keeps) and texts_of(step, queue)[name]
  if text then
    return text
  end
  return caps[name] and tostring(caps[name].default) or settings.shown(step, name)
end

-- The names of what the queue has of its own.
function own.names(step, queue)
  local names = {}
  if queue.capped or queue.keeps then
    for name in pairs(texts_of(step, queue)) do
      names[#names + 1] = name
    end
    table.sort(names)
  end
  return names
end

function own.forget(step, queue)
  root.drop(step, field(queue))
end

return own
