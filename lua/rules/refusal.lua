-- How a call is refused: a table thrown by a check, `WORD text` on the wire.

-- word: one of the closed list in lua/README.md. text: what happened, naming argument and limit.
local function refuse(word, text)
  error({ refused = true, word = word, text = text }, 0)
end

return refuse
