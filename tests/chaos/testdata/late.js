// Says ready when the file go is there, and then makes the file said.
'use strict';
const fs = require('fs');

process.on('disconnect', () => { console.log('disconnect'); process.exit(1); });
console.log('up');
const timer = setInterval(() => {
  if (!fs.existsSync('go')) return;
  clearInterval(timer);
  console.log('ready');
  process.send('ready', () => fs.writeFileSync('said', ''));
  setInterval(() => {}, 1000);
}, 10);
