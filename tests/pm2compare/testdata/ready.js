console.log('up');
process.send('ready');
setInterval(() => {}, 1000);
